package io.clusterboot.worker;

/**
 * How a worker ends its process.
 */
interface ProcessEnd {

	/**
	 * That of this JVM.
	 */
	ProcessEnd OF_THIS_JVM = new ProcessEnd() {

		@Override
		public void exit(int status) {
			System.exit(status);
		}

		@Override
		public void halt(int status) {
			Runtime.getRuntime().halt(status);
		}

	};

	/**
	 * Have everything closed in order.
	 * @param status the exit code
	 */
	void exit(int status);

	/**
	 * Close nothing.
	 * @param status the exit code
	 */
	void halt(int status);

}
