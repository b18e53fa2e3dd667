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

	/**
	 * For a process that computes all the time: ten seconds of a processor that twenty
	 * others want as well are minutes.
	 */
	static final Duration WORK = Duration.ofMinutes(10);

	private Deadlines() {
	}

}
