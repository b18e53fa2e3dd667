package io.clusterboot.it;

import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Finds out who answers.
 */
final class Pids {

	private Pids() {
	}

	/**
	 * Repeat an exchange, each time on a connection of its own, until all of the given
	 * processes have answered, and nobody else.
	 * @param pids the processes
	 * @param exchange the exchange, which tells who answered
	 */
	static void assertAllAnswer(Collection<Long> pids, Callable<Long> exchange) throws Exception {
		Set<Long> answered = new TreeSet<>();
		// on a busy machine one process may answer many times before another has its turn
		long start = System.nanoTime();
		while (!answered.containsAll(pids) && System.nanoTime() - start < Deadlines.EVENT.toNanos()) {
			answered.add(exchange.call());
		}
		assertThat(answered).containsExactlyInAnyOrderElementsOf(pids);
	}

}
