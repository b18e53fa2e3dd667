package io.clusterboot.primary;

import io.clusterboot.protocol.Refusal;

/**
 * A command is not carried out, and nothing has changed.
 */
final class RefusedException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Refusal refusal;

	RefusedException(Refusal refusal, String message) {
		super(message);
		this.refusal = refusal;
	}

	Refusal refusal() {
		return this.refusal;
	}

}
