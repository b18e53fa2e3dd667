package io.clusterboot.control;

import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.Refusal;

/**
 * The primary does not carry a command out. Nothing has changed.
 */
public final class CommandRefusedException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Refusal refusal;

	CommandRefusedException(FromPrimary.Refused refused) {
		super(refused.message());
		this.refusal = refused.refusal();
	}

	/**
	 * What kind of reason there is; the message says more.
	 * @return the kind
	 */
	public Refusal refusal() {
		return this.refusal;
	}

}
