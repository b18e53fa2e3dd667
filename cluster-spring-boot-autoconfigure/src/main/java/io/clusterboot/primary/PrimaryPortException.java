package io.clusterboot.primary;

import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Thrown when the primary's own port cannot be bound.
 */
class PrimaryPortException extends IOException {

	private static final long serialVersionUID = 1L;

	PrimaryPortException(InetSocketAddress address, IOException cause) {
		super("The primary cannot listen on port %d of %s: %s".formatted(address.getPort(),
				address.getAddress().getHostAddress(), cause.getMessage()), cause);
	}

}
