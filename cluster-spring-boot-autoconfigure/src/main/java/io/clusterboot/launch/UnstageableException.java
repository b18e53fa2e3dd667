package io.clusterboot.launch;

import java.io.IOException;

/**
 * Thrown where a private copy of what is launched cannot be made, or would not do.
 */
class UnstageableException extends IOException {

	private static final long serialVersionUID = 1;

	/**
	 * Create an exception.
	 * @param reason why, as a clause without a full stop
	 */
	UnstageableException(String reason) {
		super(reason);
	}

}
