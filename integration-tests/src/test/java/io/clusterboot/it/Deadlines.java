package io.clusterboot.it;

import java.time.Duration;

/**
 * How long tests wait. What they wait for comes within seconds on an idle machine; the
 * deadlines are far beyond what it takes where twenty other processes want the same
 * processor. A test passes as soon as the event comes, so they cost nothing.
 */
public final class Deadlines {

	/** For anything that is to happen: a line, an answer, a state, an exit. */
	public static final Duration EVENT = Duration.ofMinutes(3);

	private Deadlines() {
	}

}
