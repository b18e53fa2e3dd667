package io.clusterboot.primary;

/**
 * Who is at the other end of a new connection, as far as that is certain.
 */
sealed interface Caller {

	/**
	 * Whether it is a worker.
	 * @param worker the worker
	 * @return whether it is
	 */
	boolean is(WorkerHandle worker);

	/**
	 * A process of which the kernel says that it has connected.
	 *
	 * @param pid its pid
	 */
	record Connected(long pid) implements Caller {

		@Override
		public boolean is(WorkerHandle worker) {
			return worker.pid() == this.pid;
		}

		@Override
		public String toString() {
			return "process " + this.pid;
		}

	}

	/**
	 * Whoever has shown the ticket that was left for a worker.
	 *
	 * @param worker id of that worker
	 */
	record TicketHolder(int worker) implements Caller {

		@Override
		public boolean is(WorkerHandle worker) {
			return worker.id() == this.worker;
		}

		@Override
		public String toString() {
			return "who holds the ticket of worker-" + this.worker;
		}

	}

}
