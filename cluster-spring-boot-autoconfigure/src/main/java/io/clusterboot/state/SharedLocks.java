package io.clusterboot.state;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.integration.leader.DefaultCandidate;
import org.springframework.integration.redis.util.RedisLockRegistry;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;

/**
 * The locks of this process. Spring Integration knows how to own a lock in Redis; this
 * keeps what is owned: its own way to renew them forgets one renewal with each nested
 * {@code lock()}, and what is forgotten goes on.
 * <p>
 * Thread-safe.
 */
final class SharedLocks implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(SharedLocks.class);

	private static final Duration RETRY = Duration.ofMillis(100);

	private final RedisLockRegistry locks;

	private final RedisLockRegistry elections;

	private final Duration lease;

	private final Duration timeout;

	private final Map<String, Hold> holds = new ConcurrentHashMap<>();

	private final ScheduledExecutorService renewals;

	SharedLocks(RedisConnectionFactory connections, StateKeys keys, Duration lease, Duration timeout) {
		this.locks = new RedisLockRegistry(connections, keys.all("lock"), lease);
		this.locks.setIdleBetweenTries(RETRY);
		// who is elected has its lock locked again and again, which renews it
		this.elections = new RedisLockRegistry(connections, keys.all("election"), lease);
		this.lease = lease;
		this.timeout = timeout;
		this.renewals = Executors.newSingleThreadScheduledExecutor((task) -> {
			Thread thread = new Thread(task, "cluster-lock-renewal");
			thread.setDaemon(true);
			return thread;
		});
	}

	Lock lock(String name) {
		return new SharedLock(name, this.locks.obtain(name));
	}

	Candidacy candidate(String role) {
		LockRegistryLeaderInitiator initiator = new LockRegistryLeaderInitiator(this.elections,
				new DefaultCandidate(UUID.randomUUID().toString(), role));
		initiator.setHeartBeatMillis(this.lease.toMillis() / 5);
		initiator.start();
		return new Candidacy() {

			@Override
			public boolean isLeader() {
				return initiator.getContext().isLeader();
			}

			@Override
			public void close() {
				initiator.destroy();
			}

		};
	}

	@Override
	public void close() {
		this.renewals.shutdownNow();
		this.locks.destroy();
		this.elections.destroy();
	}

	private void renew(String name) {
		try {
			this.locks.renewLock(name);
		}
		catch (IllegalStateException ex) {
			logger.warn("The lock '%s' is lost: this process stood still, or Redis has lost it".formatted(name));
		}
		catch (RuntimeException ex) {
			logger.warn("The lock '%s' cannot be renewed at the moment: %s".formatted(name, ex.getMessage()));
		}
	}

	/**
	 * A thread owns a lock.
	 *
	 * @param owner the thread
	 * @param times how often it has locked it and not unlocked it yet
	 * @param renewal renews it
	 */
	private record Hold(Thread owner, int times, ScheduledFuture<?> renewal) {

		Hold with(int times) {
			return new Hold(this.owner, times, this.renewal);
		}

	}

	private final class SharedLock implements Lock {

		private final String name;

		private final Lock delegate;

		private SharedLock(String name, Lock delegate) {
			this.name = name;
			this.delegate = delegate;
		}

		@Override
		public void lock() {
			StateTemplate.translate(SharedLocks.this.timeout, () -> {
				this.delegate.lock();
				return null;
			});
			locked();
		}

		@Override
		public void lockInterruptibly() throws InterruptedException {
			boolean acquired = StateTemplate.translate(SharedLocks.this.timeout, this::lockDelegate);
			if (!acquired) {
				throw new InterruptedException();
			}
			locked();
		}

		private boolean lockDelegate() {
			try {
				this.delegate.lockInterruptibly();
				return true;
			}
			catch (InterruptedException ex) {
				// the delegate has set the thread's flag again
				return !Thread.interrupted();
			}
		}

		@Override
		public boolean tryLock() {
			boolean acquired = StateTemplate.translate(SharedLocks.this.timeout, this.delegate::tryLock);
			return acquired && locked();
		}

		@Override
		public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
			boolean acquired = StateTemplate.translate(SharedLocks.this.timeout, () -> tryDelegate(time, unit));
			if (Thread.interrupted()) {
				if (acquired) {
					this.delegate.unlock();
				}
				throw new InterruptedException();
			}
			return acquired && locked();
		}

		private boolean tryDelegate(long time, TimeUnit unit) {
			try {
				return this.delegate.tryLock(time, unit);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				return false;
			}
		}

		private boolean locked() {
			SharedLocks.this.holds.compute(this.name,
					(name, hold) -> (hold != null) ? hold.with(hold.times() + 1) : firstHold());
			return true;
		}

		private Hold firstHold() {
			long period = SharedLocks.this.lease.toMillis() / 3;
			return new Hold(Thread.currentThread(), 1, SharedLocks.this.renewals
				.scheduleWithFixedDelay(() -> renew(this.name), period, period, TimeUnit.MILLISECONDS));
		}

		@Override
		public void unlock() {
			SharedLocks.this.holds.compute(this.name, (name, hold) -> released(hold));
			StateTemplate.translate(SharedLocks.this.timeout, () -> {
				this.delegate.unlock();
				return null;
			});
		}

		/**
		 * Nobody renews it any more when it is given back.
		 */
		private @Nullable Hold released(@Nullable Hold hold) {
			if (hold == null || hold.owner() != Thread.currentThread()) {
				throw new IllegalMonitorStateException("This thread does not own the lock '%s'".formatted(this.name));
			}
			if (hold.times() > 1) {
				return hold.with(hold.times() - 1);
			}
			hold.renewal().cancel(false);
			return null;
		}

		@Override
		public Condition newCondition() {
			throw new UnsupportedOperationException("A shared lock has no conditions");
		}

	}

}
