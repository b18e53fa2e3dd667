package io.clusterboot.worker;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Verdict;

/**
 * Asks the primary.
 */
final class PrimaryPermits implements Permits {

	private final PrimaryLink link;

	private final LeaderRole leaderRole;

	private final Duration timeout;

	private final AtomicInteger held = new AtomicInteger();

	PrimaryPermits(PrimaryLink link, LeaderRole leaderRole, Duration timeout) {
		this.link = link;
		this.leaderRole = leaderRole;
		this.timeout = timeout;
	}

	@Override
	public boolean isLeader() {
		return this.leaderRole.isHeld();
	}

	@Override
	public void awaitLeader() throws InterruptedException {
		this.leaderRole.await();
	}

	@Override
	public Permit acquire(String name) throws IOException {
		AtomicLong asked = new AtomicLong();
		try {
			FromPrimary.Answer answer = this.link.ask((exchange) -> {
				asked.set(exchange);
				return new FromWorker.Acquire(exchange, name);
			}, this.timeout).message();
			Answered permit = new Answered(name, asked.get(), ((FromPrimary.Permitted) answer).verdict());
			if (permit.verdict() == Verdict.GRANTED) {
				this.held.incrementAndGet();
			}
			return permit;
		}
		catch (IOException ex) {
			// the answer may come yet, or have come too late
			if (asked.get() != 0) {
				this.link.send(new FromWorker.Release(asked.get(), name));
			}
			throw ex;
		}
	}

	/**
	 * The number of permits that have not been given back, which a worker that leaves
	 * waits for.
	 * @return the number
	 */
	int held() {
		return this.held.get();
	}

	private final class Answered implements Permit {

		private final String name;

		private final long number;

		private final Verdict verdict;

		private Answered(String name, long number, Verdict verdict) {
			this.name = name;
			this.number = number;
			this.verdict = verdict;
		}

		@Override
		public Verdict verdict() {
			return this.verdict;
		}

		@Override
		public void release() {
			PrimaryPermits.this.held.decrementAndGet();
			PrimaryPermits.this.link.send(new FromWorker.Release(this.number, this.name));
		}

		@Override
		public void complete() {
			PrimaryPermits.this.held.decrementAndGet();
			PrimaryPermits.this.link.send(new FromWorker.Completed(this.number, this.name));
		}

	}

}
