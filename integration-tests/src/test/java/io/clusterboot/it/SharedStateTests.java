package io.clusterboot.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.clusterboot.it.state.StateConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What workers share outlives each of them. The Redis is the one that the cluster runs.
 * Short by default; in full:
 *
 * <pre>
 * ./mvnw verify -Dtest=SharedStateTests -Dsurefire.failIfNoSpecifiedTests=false -Dstate.increments=100000 -Dstate.reloads=20
 * </pre>
 */
@Tag("alone")
@TestMethodOrder(OrderAnnotation.class)
@ExtendWith(PrintOutputOnFailure.class)
class SharedStateTests {

	private static final int INCREMENTS = Integer.getInteger("state.increments", 3_000);

	private static final int RELOADS = Integer.getInteger("state.reloads", 1);

	private static final int CLIENTS = 8;

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	/** What Redis may not have written yet when it is killed. */
	private static final Duration UNWRITTEN = Duration.ofSeconds(2);

	private static ClusterProcess cluster;

	private static Operations operations;

	private static Path locks;

	@BeforeAll
	static void start(@TempDir Path directory) {
		locks = directory.resolve("locks");
		cluster = ClusterProcess.demoWith(StateConfiguration.class)
			.property("app.lock-file", locks)
			.property("cluster.redis.embedded.data-dir", directory.resolve("data"))
			.property("cluster.state.timeout", "1s")
			.property("cluster.state.lock-lease", "3s")
			.property("cluster.reload.probation", "100ms")
			.property("cluster.drain.idle-grace", "200ms")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("management.endpoints.web.exposure.include", "health,cluster,prometheus")
			.expectError("SharedStateException|Redis")
			.start();
		operations = new Operations(cluster);
		cluster.awaitReady();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static JsonNode get(String path) throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
			HttpConnection.Reply reply = connection.get(path);
			assertThat(reply.status()).as(path + ": " + reply.body()).isEqualTo(200);
			return JsonMapper.shared().readTree(reply.body());
		}
	}

	private static long counter() throws IOException {
		return get("/counter").path("counter").asLong();
	}

	private static ClusterView.Redis redis() {
		return cluster.cluster().redis();
	}

	private static void reload() {
		assertThat(operations.post("reload?wait=2m").state()).isEqualTo("DONE");
	}

	private static void kill(long pid) {
		ClusterProcess.signal("KILL", List.of(pid));
	}

	@Test
	@Order(1)
	void aSessionOutlivesTheWorkersThatServeIt() throws Exception {
		Session session = new Session();
		Set<Long> workers = new HashSet<>();
		for (int i = 0; i < 100 && workers.size() < 2; i++) {
			workers.add(session.visit());
		}
		assertThat(workers).as("workers that have served the session").hasSize(2);
		for (int reload = 0; reload < RELOADS; reload++) {
			List<Long> before = cluster.workerPids();
			reload();
			cluster.awaitReplaced(before);
			assertThat(before).doesNotContain(session.visit());
		}
		long killed = session.visit();
		kill(killed);
		assertThat(session.visit()).isNotEqualTo(killed);
		cluster.awaitReplaced(List.of(killed));
	}

	@Test
	@Order(2)
	void whatRedisTakesIsMeasured() throws IOException {
		get("/increment");
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
			assertThat(connection.get("/actuator/prometheus").body())
				.contains("lettuce_seconds_count{db_operation=\"INCRBY\"");
		}
	}

	@Test
	@Order(2)
	void everyIncrementCountsOnceWhateverBecomesOfTheWorkers() throws Exception {
		long before = counter();
		try (Increments increments = new Increments()) {
			increments.awaitAcknowledged(INCREMENTS / 3);
			reload();
			List<Long> workers = cluster.workerPids();
			kill(workers.get(0));
			cluster.awaitReplaced(workers.subList(0, 1));
			increments.awaitAcknowledged(INCREMENTS);
			increments.stop();
			assertThat(counter() - before).as("%s", increments)
				.isBetween(increments.acknowledged(), increments.acknowledged() + increments.unknown());
			assertThat(increments.workers()).hasSizeGreaterThan(2);
			assertThat(increments.refused()).as("requests that Redis has failed: %s", increments).isZero();
		}
	}

	@Test
	@Order(3)
	void aLockHasOneOwnerAlsoWhenAnOwnerIsKilled() throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
		List<Long> killed = new ArrayList<>();
		try {
			for (int i = 0; i < 3 * CLIENTS; i++) {
				clients.submit(() -> get("/hold?millis=50"));
			}
			await().atMost(TIMEOUT).until(() -> lockLines().size() > 6);
			long owner = owner(await().atMost(TIMEOUT)
				.pollInterval(Duration.ofMillis(1))
				.until(() -> lockLines().get(lockLines().size() - 1), (line) -> line.startsWith("begin")));
			kill(owner);
			killed.add(owner);
			int lines = lockLines().size();
			await().atMost(TIMEOUT).until(() -> lockLines().size() > lines);
		}
		finally {
			clients.shutdown();
			assertThat(clients.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
		}
		cluster.awaitReplaced(killed);
		assertOneOwnerAtATime(killed);
		assertThat(lockLines()).filteredOn((line) -> line.startsWith("end")).hasSizeGreaterThan(CLIENTS);
	}

	private static void assertOneOwnerAtATime(List<Long> killed) throws IOException {
		String current = null;
		for (String line : lockLines()) {
			String owner = line.substring(line.indexOf(' ') + 1);
			if (line.startsWith("begin")) {
				assertThat(current == null || killed.contains(owner("begin " + current)))
					.as("%s while %s", line, current)
					.isTrue();
				current = owner;
			}
			else {
				assertThat(owner).isEqualTo(current);
				current = null;
			}
		}
	}

	private static List<String> lockLines() throws IOException {
		return Files.exists(locks) ? Files.readAllLines(locks) : List.of();
	}

	private static long owner(String line) {
		return Long.parseLong(line.split(" ")[1]);
	}

	@Test
	@Order(4)
	void aRedisThatIsKilledUnderLoadComesBackWithWhatItHad() throws Exception {
		long before = counter();
		int restarts = redis().restarts();
		try (Increments increments = new Increments()) {
			increments.awaitAcknowledged(INCREMENTS / 10);
			long written = increments.acknowledged();
			Thread.sleep(UNWRITTEN.toMillis());
			kill(redis().pid());
			await().atMost(TIMEOUT).until(() -> redis().up() && redis().restarts() == restarts + 1);
			increments.awaitAcknowledged(increments.acknowledged() + INCREMENTS / 10);
			increments.stop();
			assertThat(counter() - before).as("%s, %d of them written when Redis was killed", increments, written)
				.isBetween(written, increments.acknowledged() + increments.unknown() + increments.refused());
			assertThat(increments.broken()).as("connections that broke: %s", increments).isZero();
			assertThat(increments.slowest()).isLessThan(Duration.ofSeconds(4));
		}
		assertThat(cluster.cluster().workers()).as("workers that are ready").hasSize(2);
	}

	@Test
	@Order(5)
	void whileRedisStandsStillOnlyWhatNeedsItFails() throws Exception {
		long pid = redis().pid();
		ClusterProcess.signal("STOP", List.of(pid));
		try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
			long start = System.nanoTime();
			assertThat(connection.get("/increment").status()).isEqualTo(503);
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
			assertThat(get("/compute?n=10").path("result").asInt()).isEqualTo(55);
			assertThat(get("/actuator/health/readiness").path("status").asString()).isEqualTo("UP");
			try (HttpConnection other = HttpConnection.open(cluster.port(), TIMEOUT)) {
				assertThat(other.get("/actuator/health").status()).isEqualTo(503);
			}
		}
		finally {
			ClusterProcess.signal("CONT", List.of(pid));
		}
		await().atMost(TIMEOUT).until(() -> get("/actuator/health").path("status").asString().equals("UP"));
		counter();
	}

	@Test
	@Order(6)
	void redisEndsWithTheLastWorkerOfAPrimaryThatWasKilled() {
		long redis = redis().pid();
		assertThat(cluster.allPids()).contains(redis);
		cluster.signal("KILL");
		cluster.awaitNothingLeft(TIMEOUT);
	}

	/**
	 * A client's session.
	 */
	private static final class Session {

		private String cookie = "none=1";

		private int visits;

		long visit() throws IOException {
			try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
				connection.send("GET", "/visits", new byte[0], "Cookie: " + this.cookie);
				HttpConnection.Reply reply = connection.read();
				String set = reply.headers().get("set-cookie");
				if (set != null) {
					this.cookie = set.split(";")[0];
				}
				JsonNode answer = JsonMapper.shared().readTree(reply.body());
				assertThat(answer.path("visits").asInt()).as(reply.toString()).isEqualTo(++this.visits);
				return answer.path("worker").asLong();
			}
		}

	}

	/**
	 * Clients that increment the counter all the time.
	 */
	private static final class Increments implements AutoCloseable {

		private final ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);

		private final AtomicLong acknowledged = new AtomicLong();

		private final AtomicLong refused = new AtomicLong();

		private final AtomicLong broken = new AtomicLong();

		private final AtomicLong slowest = new AtomicLong();

		private final Map<Long, Boolean> workers = new ConcurrentHashMap<>();

		private final ConcurrentLinkedQueue<String> complaints = new ConcurrentLinkedQueue<>();

		private volatile boolean stopped;

		private Increments() {
			for (int i = 0; i < CLIENTS; i++) {
				this.clients.submit(this::run);
			}
		}

		private void run() {
			while (!this.stopped) {
				try (HttpConnection connection = HttpConnection.open(cluster.port(), TIMEOUT)) {
					boolean open = true;
					while (open && !this.stopped) {
						open = increment(connection);
					}
				}
				catch (IOException ex) {
					this.broken.incrementAndGet();
				}
			}
		}

		private boolean increment(HttpConnection connection) throws IOException {
			long start = System.nanoTime();
			HttpConnection.Reply reply = connection.get("/increment");
			this.slowest.accumulateAndGet(System.nanoTime() - start, Math::max);
			if (reply.status() == 200) {
				this.acknowledged.incrementAndGet();
				this.workers.put(JsonMapper.shared().readTree(reply.body()).path("worker").asLong(), true);
			}
			else {
				this.refused.incrementAndGet();
				if (reply.status() != 503) {
					this.complaints.add(reply.toString());
				}
			}
			return !reply.closes();
		}

		void awaitAcknowledged(long number) {
			await().atMost(Duration.ofMinutes(5)).until(() -> this.acknowledged.get() >= number);
		}

		void stop() throws InterruptedException {
			this.stopped = true;
			this.clients.shutdown();
			assertThat(this.clients.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
			assertThat(this.complaints).isEmpty();
		}

		long acknowledged() {
			return this.acknowledged.get();
		}

		long refused() {
			return this.refused.get();
		}

		long broken() {
			return this.broken.get();
		}

		/**
		 * Requests of which nobody knows what became of them.
		 */
		long unknown() {
			return this.broken.get();
		}

		Duration slowest() {
			return Duration.ofNanos(this.slowest.get());
		}

		Set<Long> workers() {
			return this.workers.keySet();
		}

		@Override
		public void close() {
			this.stopped = true;
			this.clients.shutdownNow();
		}

		@Override
		public String toString() {
			return "%d acknowledged, %d refused, %d broken connections, slowest %d ms".formatted(acknowledged(),
					refused(), broken(), slowest().toMillis());
		}

	}

}
