package io.clusterboot.worker;

/**
 * When a shared socket lets connections in.
 */
public enum AcceptPolicy {

	/**
	 * While this worker is ready.
	 */
	WHEN_READY {

		@Override
		boolean accepts(boolean ready, boolean anyReady) {
			return ready;
		}

	},

	/**
	 * While this worker is ready, or no worker is. For management: probes get the answer
	 * of a ready worker if there is one, and otherwise that there is none, instead of no
	 * answer, which would have a worker that is alive killed.
	 */
	WHEN_READY_OR_NONE_IS {

		@Override
		boolean accepts(boolean ready, boolean anyReady) {
			return ready || !anyReady;
		}

	};

	abstract boolean accepts(boolean ready, boolean anyReady);

}
