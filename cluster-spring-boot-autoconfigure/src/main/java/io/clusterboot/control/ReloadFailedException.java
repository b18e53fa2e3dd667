package io.clusterboot.control;

import io.clusterboot.protocol.ReloadDescription;

/**
 * A reload or restart has failed or was aborted. Workers that had been replaced before
 * stay, those that had not go on.
 */
public final class ReloadFailedException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final transient ReloadDescription reload;

	ReloadFailedException(ReloadDescription reload) {
		super("Reload %d: %s%s".formatted(reload.id(), reload.state(),
				(reload.failure() != null) ? ", " + reload.failure().reason() : ""));
		this.reload = reload;
	}

	/**
	 * What became of it, with the reason and the last output of the replacement that
	 * failed.
	 * @return the reload
	 */
	public ReloadDescription reload() {
		return this.reload;
	}

}
