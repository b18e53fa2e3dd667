package io.clusterboot.scheduling;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

import io.clusterboot.protocol.Verdict;
import io.clusterboot.worker.Permits;
import org.jspecify.annotations.Nullable;

/**
 * Permits of which a test decides, and that notes what becomes of them.
 */
final class StubPermits implements Permits {

	private final List<String> log = new CopyOnWriteArrayList<>();

	private final CountDownLatch appointed = new CountDownLatch(1);

	private volatile Supplier<@Nullable Verdict> verdict = () -> Verdict.GRANTED;

	private volatile boolean leader;

	StubPermits leader() {
		this.leader = true;
		this.appointed.countDown();
		return this;
	}

	void notLeader() {
		this.leader = false;
	}

	/**
	 * Answer in a certain way.
	 * @param verdict supplies the answers; {@code null} is none
	 */
	void answer(Supplier<@Nullable Verdict> verdict) {
		this.verdict = verdict;
	}

	List<String> log() {
		return this.log;
	}

	@Override
	public boolean isLeader() {
		return this.leader;
	}

	@Override
	public void awaitLeader() throws InterruptedException {
		this.appointed.await();
	}

	@Override
	public Permit acquire(String name) throws IOException {
		Verdict verdict = this.verdict.get();
		this.log.add("acquire " + name);
		if (verdict == null) {
			throw new IOException("The primary did not answer");
		}
		return new Permit() {

			@Override
			public Verdict verdict() {
				return verdict;
			}

			@Override
			public void release() {
				StubPermits.this.log.add("release " + name);
			}

			@Override
			public void complete() {
				StubPermits.this.log.add("complete " + name);
			}

		};
	}

}
