package io.clusterboot.launch;

import org.jspecify.annotations.Nullable;

/**
 * A port in an option, moved by a worker's seat.
 */
final class Port {

	private static final int LARGEST = 65535;

	private Port() {
	}

	/**
	 * Move a port.
	 * @param port the user's port
	 * @param seat the worker's seat
	 * @return the worker's port: the same if it is 0, which is any free port, or not a
	 * number; {@code null} if there is no such port
	 */
	static @Nullable String move(String port, int seat) {
		if (!port.matches("\\d{1,5}") || Integer.parseInt(port) == 0) {
			return port;
		}
		int moved = Integer.parseInt(port) + seat;
		return (moved <= LARGEST) ? Integer.toString(moved) : null;
	}

}
