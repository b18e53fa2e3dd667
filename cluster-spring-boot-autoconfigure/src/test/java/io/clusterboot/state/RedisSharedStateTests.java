package io.clusterboot.state;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.stream.IntStream;

import io.clusterboot.ClusterProperties;
import io.clusterboot.redis.TestConnections;
import io.clusterboot.redis.TestRedis;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.ParameterizedTypeReference;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RedisSharedState} with a real Redis. Two states are two workers, as
 * far as Redis can tell.
 */
@DisabledOnOs(OS.WINDOWS)
class RedisSharedStateTests {

	private static final Duration LIMIT = Duration.ofMinutes(3);

	private static final ClusterProperties.State SETTINGS = new ClusterProperties.State(Duration.ofSeconds(20),
			Duration.ofMinutes(1));

	/** For tests that wait until a time is over. */
	private static final ClusterProperties.State BRIEF = new ClusterProperties.State(Duration.ofSeconds(2),
			Duration.ofSeconds(6));

	private static TestRedis redis;

	private static LettuceConnectionFactory connections;

	private RedisSharedState one;

	private RedisSharedState another;

	@BeforeAll
	static void start() {
		redis = TestRedis.start(Duration.ofMillis(700));
		connections = TestConnections.to(redis);
	}

	@AfterAll
	static void stop() {
		if (redis != null) {
			connections.destroy();
			redis.close();
		}
	}

	@BeforeEach
	void create() {
		new StringRedisTemplate(connections).execute((connection) -> {
			connection.serverCommands().flushAll();
			return null;
		}, true);
		this.one = state("shop");
		this.another = state("shop");
		// a first connection may take longer than the tests mean to wait for an answer
		List.of(this.one, this.another).forEach(RedisSharedStateTests::awaitConnected);
	}

	private static void awaitConnected(RedisSharedState state) {
		await().atMost(LIMIT).ignoreException(SharedStateException.class).until(() -> {
			Lock lock = state.lock("connected");
			lock.lock();
			lock.unlock();
			return state.counter("connected").get() == 0;
		});
	}

	@AfterEach
	void close() {
		this.one.close();
		this.another.close();
	}

	private static RedisSharedState state(String name) {
		return state(name, SETTINGS);
	}

	private static RedisSharedState state(String name, ClusterProperties.State settings) {
		return new RedisSharedState(connections, false, JsonMapper.builder().build(), name, settings);
	}

	@Test
	void aCounterCountsForAll() {
		assertThat(this.one.counter("orders").get()).isZero();
		assertThat(this.one.counter("orders").increment()).isEqualTo(1);
		assertThat(this.another.counter("orders").add(10)).isEqualTo(11);
		assertThat(this.one.counter("orders").get()).isEqualTo(11);
		assertThat(this.one.counter("returns").get()).isZero();
		assertThat(this.another.counter("orders").reset()).isEqualTo(11);
		assertThat(this.one.counter("orders").add(-2)).isEqualTo(-2);
	}

	@Test
	void aCounterExpiresSomeTimeAfterItsFirstChange() {
		SharedCounter counter = this.one.counter("visits", Duration.ofMillis(300));
		assertThat(counter.increment()).isEqualTo(1);
		await().atMost(LIMIT).pollInterval(Duration.ofMillis(10)).until(() -> {
			boolean over = counter.get() == 0;
			counter.increment();
			return over;
		});
	}

	@Test
	void keysBelongToTheApplication() {
		this.one.counter("orders").increment();
		try (RedisSharedState other = state("bank")) {
			assertThat(other.counter("orders").get()).isZero();
		}
		assertThat(new StringRedisTemplate(connections).keys("*")).containsExactly("shop:counter:orders");
		assertThatIllegalArgumentException().isThrownBy(() -> this.one.counter(" "));
	}

	@Test
	void connectionsThatCannotBeCopiedAreUsedAsTheyAre() {
		try (RedisSharedState plain = new RedisSharedState(connections, true, JsonMapper.builder().build(), "shop",
				SETTINGS)) {
			assertThat(plain.counter("orders").increment()).isEqualTo(1);
			assertThat(this.one.counter("orders").get()).isEqualTo(1);
		}
		assertThat(connections.isRunning()).isTrue();
	}

	/**
	 * A script that Redis does not know yet is sent as a whole.
	 */
	@Test
	void whatTakesLongTheFirstTimeIsDoneAhead() throws Exception {
		StringRedisTemplate template = new StringRedisTemplate(connections);
		template.execute((connection) -> {
			connection.scriptingCommands().scriptFlush();
			connection.serverCommands().resetConfigStats();
			return null;
		}, true);
		try (RedisSharedState state = state("shop")) {
			state.awaitPrepared();
			Properties commands = template.execute((connection) -> connection.serverCommands().info("commandstats"),
					true);
			assertThat(commands).containsKeys("cmdstat_get", "cmdstat_eval");
		}
	}

	@Test
	void whereNoRedisListensEverythingFailsInTheSameWay() {
		LettuceConnectionFactory nowhere = new LettuceConnectionFactory("127.0.0.1", 1);
		nowhere.afterPropertiesSet();
		nowhere.start();
		try (RedisSharedState lost = new RedisSharedState(nowhere, false, JsonMapper.builder().build(), "shop",
				SETTINGS)) {
			for (ThrowingCallable call : List.<ThrowingCallable>of(() -> lost.counter("orders").increment(),
					() -> lost.counter("orders", LIMIT).increment(), () -> lost.value("price", Price.class).get(),
					() -> lost.value("price", Price.class).compareAndSet(null, null),
					() -> lost.map("prices", Price.class).get("tea"), () -> lost.set("prices", Price.class).size(),
					() -> lost.queue("orders", Price.class).poll(1, TimeUnit.SECONDS), () -> lost.lock("till").lock(),
					() -> lost.lock("till").lockInterruptibly(),
					() -> lost.rateLimiter("logins", 3, LIMIT).tryAcquire(), () -> lost.publish("news", new byte[1]),
					() -> lost.subscribe("news", (message) -> {
					}))) {
				assertThatExceptionOfType(SharedStateException.class).isThrownBy(call);
			}
		}
		nowhere.destroy();
	}

	/**
	 * Nobody ever answers, and yet all fail. Were each to wait for its turn to connect,
	 * there would be ten connections. Who has waited as long as a connection may take
	 * gives up: for a fourth, one of them would have to come that many seconds later than
	 * another.
	 */
	@Test
	void whereNobodyAnswersThoseWhoWaitFailTogether() throws Exception {
		AtomicInteger accepted = new AtomicInteger();
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
			Thread acceptor = new Thread(() -> {
				try {
					while (true) {
						sockets.add(silent.accept());
						accepted.incrementAndGet();
					}
				}
				catch (IOException ex) {
					// the test is over
				}
			});
			acceptor.start();
			LettuceConnectionFactory nowhere = new LettuceConnectionFactory("127.0.0.1", silent.getLocalPort());
			nowhere.afterPropertiesSet();
			nowhere.start();
			ExecutorService threads = Executors.newFixedThreadPool(10);
			try (RedisSharedState lost = new RedisSharedState(nowhere, false, JsonMapper.builder().build(), "shop",
					BRIEF)) {
				CountDownLatch all = new CountDownLatch(10);
				List<Callable<@Nullable Void>> calls = Collections.nCopies(10, () -> {
					all.countDown();
					all.await();
					assertThatExceptionOfType(SharedStateException.class)
						.isThrownBy(() -> lost.counter("orders").get());
					return null;
				});
				for (Future<@Nullable Void> call : threads.invokeAll(calls)) {
					call.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
				}
				assertThat(accepted.get()).isBetween(1, 3);
			}
			finally {
				threads.shutdown();
				nowhere.destroy();
			}
		}
		for (Socket socket : sockets) {
			socket.close();
		}
	}

	/**
	 * The time that is configured is the one that is waited, and not the application's.
	 */
	@Test
	void connectionsWaitAsLongAsIsConfigured() {
		LettuceConnectionFactory prompt = StateConnections.like(connections, SETTINGS.timeout(), true);
		assertThat(prompt.getClientConfiguration().getCommandTimeout()).isEqualTo(SETTINGS.timeout())
			.isNotEqualTo(connections.getClientConfiguration().getCommandTimeout());
		assertThat(prompt.getClientConfiguration().getClientOptions()).hasValueSatisfying(
				(options) -> assertThat(options.getSocketOptions().getConnectTimeout()).isEqualTo(SETTINGS.timeout()));
		prompt.destroy();
	}

	@Test
	void whatRedisRefusesIsNoMatterOfReachingIt() {
		this.one.value("price", String.class).set("3");
		new StringRedisTemplate(connections).rename("shop:value:price", "shop:set:price");
		assertThatExceptionOfType(DataAccessException.class)
			.isThrownBy(() -> this.one.set("price", String.class).add("4"))
			.withStackTraceContaining("WRONGTYPE");
	}

	@Test
	void whatIsPublishedIsReceivedInOrder() throws Exception {
		List<String> received = new CopyOnWriteArrayList<>();
		Subscription subscription = this.one.subscribe("news", (message) -> received.add(new String(message)));
		for (int i = 0; i < 100; i++) {
			this.another.publish("news", Integer.toString(i).getBytes());
		}
		await().atMost(LIMIT).until(() -> received.size() == 100);
		assertThat(received).isEqualTo(IntStream.range(0, 100).mapToObj(Integer::toString).toList());
		subscription.close();
		CountDownLatch heard = new CountDownLatch(1);
		Subscription other = this.one.subscribe("news", (message) -> heard.countDown());
		this.another.publish("news", new byte[0]);
		assertThat(heard.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
		assertThat(received).hasSize(100);
		other.close();
	}

	@Test
	void aValueIsAnyJson() {
		SharedValue<Price> value = this.one.value("price", Price.class);
		assertThat(value.get()).isNull();
		value.set(new Price("tea", List.of(1, 2)));
		assertThat(this.another.value("price", Price.class).get()).isEqualTo(new Price("tea", List.of(1, 2)));
		value.set(null);
		assertThat(this.another.value("price", Price.class).get()).isNull();
		SharedValue<Map<String, Price>> prices = this.one.value("prices", new ParameterizedTypeReference<>() {
		});
		prices.set(Map.of("a", new Price("tea", List.of())));
		assertThat(prices.get()).containsExactly(Map.entry("a", new Price("tea", List.of())));
	}

	@Test
	void aValueIsSetIfItIsAsExpected() {
		SharedValue<Map<String, Integer>> value = this.one.value("stock", new ParameterizedTypeReference<>() {
		});
		assertThat(value.compareAndSet(Map.of("tea", 1), Map.of("tea", 2))).isFalse();
		assertThat(value.compareAndSet(null, Map.of("tea", 1, "milk", 2))).isTrue();
		assertThat(value.compareAndSet(null, Map.of())).isFalse();
		Map<String, Integer> equal = new LinkedHashMap<>();
		equal.put("tea", 1);
		equal.put("milk", 2);
		assertThat(value.compareAndSet(equal, new HashMap<>(Map.of("tea", 0)))).isTrue();
		assertThat(value.get()).containsExactly(Map.entry("tea", 0));
		assertThat(value.compareAndSet(Map.of("tea", 0), null)).isTrue();
		assertThat(value.get()).isNull();
	}

	@Test
	void aValueExpires() {
		SharedValue<String> value = this.one.value("token", String.class);
		assertThat(value.expire(Duration.ofMillis(100))).isFalse();
		value.set("a", LIMIT);
		assertThat(value.compareAndSet("a", "b")).isTrue();
		assertThat(value.get()).isEqualTo("b");
		assertThat(timeToLive("shop:value:token")).isBetween(1L, LIMIT.toMillis());
		value.set("b", Duration.ofMillis(100));
		await().atMost(LIMIT).until(() -> value.get() == null);
		value.set("c");
		assertThat(value.expire(Duration.ofMillis(100))).isTrue();
		await().atMost(LIMIT).until(() -> value.get() == null);
	}

	@Test
	void aMapAndASetAreShared() {
		ConcurrentMap<String, Price> map = this.one.map("prices", Price.class);
		assertThat(map.putIfAbsent("tea", new Price("tea", List.of(3)))).isNull();
		ConcurrentMap<String, Price> same = this.another.map("prices", Price.class);
		assertThat(same).containsEntry("tea", new Price("tea", List.of(3))).hasSize(1);
		assertThat(same.remove("tea")).isNotNull();
		assertThat(map).isEmpty();
		Set<Price> set = this.one.set("prices", Price.class);
		assertThat(set.add(new Price("tea", List.of(1)))).isTrue();
		assertThat(this.another.set("prices", Price.class).add(new Price("tea", List.of(1)))).isFalse();
		assertThat(this.another.set("prices", Price.class)).containsExactly(new Price("tea", List.of(1)));
	}

	@Test
	void aQueueIsWaitedFor() throws Exception {
		BlockingQueue<Price> queue = this.one.queue("orders", Price.class);
		BlockingQueue<Price> same = this.another.queue("orders", Price.class);
		assertThat(queue.poll()).isNull();
		queue.add(new Price("first", List.of()));
		queue.add(new Price("second", List.of()));
		assertThat(same.poll(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(new Price("first", List.of()));
		assertThat(same.take()).isEqualTo(new Price("second", List.of()));
		assertThat(same.poll(1050, TimeUnit.MILLISECONDS)).isNull();
		for (Callable<Price> wait : List.<Callable<Price>>of(same::take,
				() -> same.poll(LIMIT.toSeconds(), TimeUnit.SECONDS))) {
			FutureTask<Price> taken = new FutureTask<>(wait);
			Thread thread = new Thread(taken);
			thread.start();
			await().atMost(LIMIT).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
			queue.add(new Price("late", List.of()));
			assertThat(taken).succeedsWithin(LIMIT).isEqualTo(new Price("late", List.of()));
		}
	}

	@Test
	void toWaitForAQueueCanBeInterrupted() throws Exception {
		CompletableFuture<Throwable> outcome = new CompletableFuture<>();
		Thread thread = new Thread(() -> {
			try {
				this.one.queue("never", String.class).take();
			}
			catch (Throwable ex) {
				outcome.complete(ex);
			}
		});
		thread.start();
		await().atMost(LIMIT).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
		thread.interrupt();
		assertThat(outcome.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
	}

	@Test
	void aLockHasOneOwnerAtATime() {
		AtomicInteger owners = new AtomicInteger();
		AtomicInteger most = new AtomicInteger();
		List<CompletableFuture<Void>> threads = IntStream.range(0, 4)
			.mapToObj((number) -> CompletableFuture.runAsync(() -> {
				Lock lock = ((number % 2 == 0) ? this.one : this.another).lock("till");
				for (int i = 0; i < 5; i++) {
					lock.lock();
					try {
						most.accumulateAndGet(owners.incrementAndGet(), Math::max);
						Thread.yield();
						owners.decrementAndGet();
					}
					finally {
						lock.unlock();
					}
				}
			}))
			.toList();
		threads.forEach((thread) -> assertThat(thread).succeedsWithin(LIMIT));
		assertThat(most).hasValue(1);
	}

	@Test
	void aLockIsRenewedWhileItIsHeldAndFreeAfterwards() throws Exception {
		try (RedisSharedState brief = state("shop", BRIEF)) {
			Lock mine = brief.lock("till");
			Lock theirs = this.another.lock("till");
			mine.lock();
			assertThat(mine.tryLock()).as("again").isTrue();
			mine.unlock();
			awaitRenewed("shop:lock:till");
			assertThat(theirs.tryLock()).isFalse();
			mine.unlock();
			assertThat(theirs.tryLock(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			assertThatExceptionOfType(IllegalMonitorStateException.class).isThrownBy(mine::unlock);
			theirs.unlock();
		}
	}

	/**
	 * Time that is left never grows by itself.
	 */
	private static void awaitRenewed(String key) {
		long[] least = { Long.MAX_VALUE };
		await().atMost(LIMIT).pollInterval(Duration.ofMillis(20)).until(() -> {
			long left = timeToLive(key);
			assertThat(left).as("milliseconds for which %s is kept", key).isPositive();
			least[0] = Math.min(least[0], left);
			return left > least[0];
		});
	}

	private static long timeToLive(String key) {
		return new StringRedisTemplate(connections).getExpire(key, TimeUnit.MILLISECONDS);
	}

	@Test
	void aLockIsFreeWhenItsOwnerHasGone() throws Exception {
		RedisSharedState dying = state("shop");
		Lock lock = dying.lock("till");
		lock.lock();
		// nothing is given back, as when the process is killed
		dying.close();
		assertThat(this.one.lock("till").tryLock()).isFalse();
		assertThat(timeToLive("shop:lock:till")).isBetween(1L, SETTINGS.lockLease().toMillis());
		new StringRedisTemplate(connections).expire("shop:lock:till", Duration.ofMillis(1));
		assertThat(this.one.lock("till").tryLock(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
		this.one.lock("till").unlock();
	}

	@Test
	void anOwnerThatHasLostItsLockIsTold() {
		Lock lock = this.one.lock("till");
		lock.lock();
		new StringRedisTemplate(connections).delete("shop:lock:till");
		assertThatExceptionOfType(ConcurrentModificationException.class).isThrownBy(lock::unlock);
	}

	@Test
	void aRateIsLimitedForAll() {
		Duration window = LIMIT;
		RateLimiter limiter = this.one.rateLimiter("logins", 3, window);
		RateLimiter same = this.another.rateLimiter("logins", 3, window);
		assertThat(limiter.tryAcquire()).isEqualTo(new RateLimiter.Decision(true, 2, Duration.ZERO));
		assertThat(same.tryAcquire().remaining()).isEqualTo(1);
		assertThat(limiter.tryAcquire().remaining()).isZero();
		RateLimiter.Decision refused = same.tryAcquire();
		assertThat(refused.permitted()).isFalse();
		assertThat(refused.retryAfter()).isBetween(Duration.ofMillis(1), window);
		assertThat(timeToLive("shop:limit:logins")).isBetween(1L, window.toMillis());
		assertThatIllegalArgumentException().isThrownBy(() -> this.one.rateLimiter("logins", 0, window));
	}

	@Test
	void aRateIsThatOfTheLastMoments() {
		RateLimiter limiter = this.one.rateLimiter("logins", 1, Duration.ofMillis(200));
		assertThat(limiter.tryAcquire().permitted()).isTrue();
		await().atMost(LIMIT).until(() -> limiter.tryAcquire().permitted());
	}

	/**
	 * A stream over 100 elements, while others add and remove some.
	 */
	@Test
	void collectionsAreStreamedWhileTheyChange() throws Exception {
		Set<Integer> set = this.one.set("changing", Integer.class);
		BlockingQueue<Integer> queue = this.one.queue("changing", Integer.class);
		List<Integer> lasting = IntStream.range(0, 100).boxed().toList();
		set.addAll(lasting);
		queue.addAll(lasting);
		AtomicBoolean over = new AtomicBoolean();
		CompletableFuture<Void> changes = CompletableFuture.runAsync(() -> {
			Set<Integer> there = this.another.set("changing", Integer.class);
			BlockingQueue<Integer> queueThere = this.another.queue("changing", Integer.class);
			for (int i = 100; !over.get(); i++) {
				there.add(i);
				queueThere.add(i);
				there.remove(i);
				queueThere.remove(i);
			}
		});
		for (int i = 0; i < 200; i++) {
			assertThat(set.stream().sorted().toList()).containsAll(lasting);
			assertThat(queue.stream().sorted().toList()).containsAll(lasting);
		}
		over.set(true);
		changes.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
	}

	@Test
	void oneCandidateIsElected() {
		try (RedisSharedState here = state("shop", BRIEF); RedisSharedState there = state("shop", BRIEF)) {
			Candidacy first = here.candidate("clock");
			await().atMost(LIMIT).until(first::isLeader);
			try (Candidacy second = there.candidate("clock")) {
				awaitRenewed("shop:election:clock");
				assertThat(first.isLeader()).isTrue();
				assertThat(second.isLeader()).isFalse();
				first.close();
				await().atMost(LIMIT).until(() -> second.isLeader() && !first.isLeader());
			}
		}
	}

	@Test
	void whileRedisIsDownEverythingFailsAndRecovers() {
		SharedCounter counter = this.one.counter("orders");
		Lock lock = this.another.lock("till");
		counter.increment();
		Set<String> failed = new HashSet<>();
		redis.kill();
		await().atMost(LIMIT).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(5)).until(() -> {
			boolean counted = succeeds(counter::increment, "counter", failed);
			boolean locked = succeeds(lock::tryLock, "lock", failed);
			boolean subscribed = succeeds(() -> this.one.subscribe("news", (message) -> {
			}).close(), "subscription", failed);
			boolean back = counted && locked && subscribed;
			if (back && failed.size() < 3) {
				// it was back before all had a try
				redis.kill();
			}
			return back && failed.size() == 3;
		});
	}

	private static boolean succeeds(Runnable action, String name, Set<String> failed) {
		try {
			action.run();
			return true;
		}
		catch (RuntimeException ex) {
			assertThat(ex).isInstanceOf(SharedStateException.class).hasMessageContaining("cluster.state.timeout");
			failed.add(name);
			return false;
		}
	}

	/**
	 * Some value.
	 */
	record Price(String article, List<Integer> cents) {

	}

}
