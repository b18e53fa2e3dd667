package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.clusterboot.it.state.StateConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
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
@TestMethodOrder(OrderAnnotation.class)
@ExtendWith(PrintOutputOnFailure.class)
class SharedStateTests {

	/** Between two increments of a client. */
	private static final Duration PAUSE = Duration.ofMillis(5);

	private static final int INCREMENTS = Integer.getInteger("state.increments", 1_000);

	private static final int RELOADS = Integer.getInteger("state.reloads", 1);

	private static final int CLIENTS = 8;

	private static ClusterProcess cluster;

	private static Operations operations;

	private static Path locks;

	private static Path data;

	@BeforeAll
	static void start(@TempDir Path directory) {
		locks = directory.resolve("locks");
		data = directory.resolve("data");
		cluster = ClusterProcess.demoWith(StateConfiguration.class)
			.property("app.lock-file", locks)
			.property("cluster.redis.embedded.data-dir", data)
			.property("cluster.state.timeout", "5s")
			.property("cluster.state.lock-lease", "15s")
			.property("cluster.heartbeat.timeout", "10m")
			.property("cluster.drain.timeout", "5m")
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
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
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
		assertThat(operations.post("reload?wait=3m").state()).isEqualTo("DONE");
	}

	private static void kill(long pid) {
		Processes.signal("KILL", List.of(pid));
	}

	/**
	 * The session is the same, and each increment counts once, whatever becomes of the
	 * workers.
	 */
	@Test
	@Order(1)
	void whatIsSharedOutlivesTheWorkers() throws Exception {
		long before = counter();
		Session session = new Session();
		Set<Long> visited = new HashSet<>();
		await().atMost(Deadlines.EVENT).until(() -> {
			visited.add(session.visit());
			return visited.size() == 2;
		});
		try (Increments increments = new Increments()) {
			increments.awaitAcknowledged(INCREMENTS / 3);
			for (int reload = 0; reload < RELOADS; reload++) {
				List<Long> former = cluster.workerPids();
				reload();
				cluster.awaitReplaced(former);
				assertThat(former).doesNotContain(session.visit());
			}
			long killed = session.visit();
			kill(killed);
			assertThat(session.visit()).isNotEqualTo(killed);
			cluster.awaitReplaced(List.of(killed));
			session.visit();
			increments.awaitAcknowledged(INCREMENTS);
			increments.stop();
			assertThat(counter() - before).as("%s", increments)
				.isBetween(increments.acknowledged(), increments.acknowledged() + increments.broken());
			// each client has one connection when the worker is killed
			assertThat(increments.broken()).isLessThanOrEqualTo(CLIENTS);
			assertThat(increments.workers()).hasSizeGreaterThan(2);
			assertThat(increments.refused()).as("requests that Redis has failed: %s", increments).isZero();
		}
	}

	@Test
	@Order(2)
	void whatRedisTakesIsMeasured() {
		await().atMost(Deadlines.EVENT).untilAsserted(() -> {
			get("/increment");
			try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
				assertThat(connection.get("/actuator/prometheus").body())
					.contains("lettuce_seconds_count{db_operation=\"INCRBY\"");
			}
		});
	}

	@Test
	@Order(3)
	void aLockHasOneOwnerAlsoWhenAnOwnerIsKilled() throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(CLIENTS + 1);
		long killed;
		try {
			clients.submit(() -> get("/hold?name=killed&gate=" + locks + ".never"));
			await().atMost(Deadlines.EVENT).until(() -> lockLines().size() == 1);
			killed = owner(lockLines().get(0));
			List<Future<Integer>> others = new ArrayList<>();
			for (int i = 0; i < CLIENTS; i++) {
				String name = "client" + i;
				others.add(clients.submit(() -> holdUntilItIsAnswered(name)));
			}
			kill(killed);
			for (Future<Integer> other : others) {
				assertThat(other.get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS)).isPositive();
			}
		}
		finally {
			clients.shutdownNow();
		}
		cluster.awaitReplaced(List.of(killed));
		assertOneOwnerAtATime(killed);
		assertThat(lockLines()).filteredOn((line) -> line.startsWith("end"))
			.extracting((line) -> line.split(" ")[2])
			.contains(IntStream.range(0, CLIENTS).mapToObj((i) -> "client" + i).toArray(String[]::new));
	}

	/**
	 * Whoever asks the worker that is killed has to ask again.
	 */
	private static int holdUntilItIsAnswered(String name) {
		for (int attempts = 1;; attempts++) {
			try {
				get("/hold?name=" + name);
				return attempts;
			}
			catch (IOException ex) {
				assertThat(attempts).isLessThan(3);
			}
		}
	}

	private static void assertOneOwnerAtATime(long killed) throws IOException {
		String current = null;
		for (String line : lockLines()) {
			String owner = line.substring(line.indexOf(' ') + 1);
			if (line.startsWith("begin")) {
				assertThat(current == null || killed == owner("begin " + current)).as("%s while %s", line, current)
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
			long written = counter();
			await().atMost(Deadlines.EVENT).until(() -> incrementsOnDisk() >= written);
			kill(redis().pid());
			await().atMost(Deadlines.EVENT).until(() -> redis().up() && redis().restarts() == restarts + 1);
			increments.awaitAcknowledged(increments.acknowledged() + INCREMENTS / 10);
			increments.stop();
			assertThat(counter())
				.as("%s, and %d before, %d of all written when Redis was killed", increments, before, written)
				.isBetween(written, before + increments.acknowledged() + increments.refused());
			assertThat(increments.broken()).as("connections that broke: %s", increments).isZero();
		}
		assertThat(cluster.cluster().workers()).as("workers that are ready").hasSize(2);
	}

	/**
	 * What Redis has handed to the operating system survives it.
	 */
	private static long incrementsOnDisk() throws IOException {
		long increments = 0;
		try (Stream<Path> files = Files.walk(data)) {
			for (Path file : files.filter((path) -> path.getFileName().toString().contains(".aof")).toList()) {
				String log = Files.isRegularFile(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
				increments += log.lines().filter("INCRBY"::equals).count();
			}
		}
		return increments;
	}

	/**
	 * What needs it fails although Redis has not answered and does not go on before.
	 */
	@Test
	@Order(5)
	void whileRedisStandsStillOnlyWhatNeedsItFails() throws Exception {
		long pid = redis().pid();
		Processes.signal("STOP", List.of(pid));
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT);
				HttpConnection other = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			connection.send("GET", "/increment", new byte[0]);
			other.send("GET", "/actuator/health", new byte[0]);
			assertThat(get("/compute?n=10").path("result").asInt()).isEqualTo(55);
			assertThat(get("/actuator/health/readiness").path("status").asString()).isEqualTo("UP");
			assertThat(connection.read().status()).isEqualTo(503);
			assertThat(other.read().status()).isEqualTo(503);
		}
		finally {
			Processes.signal("CONT", List.of(pid));
		}
		await().atMost(Deadlines.EVENT).until(SharedStateTests::isHealthy);
		counter();
	}

	private static boolean isHealthy() throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			return connection.get("/actuator/health").status() == 200;
		}
	}

	@Test
	@Order(6)
	void redisEndsWithTheLastWorkerOfAPrimaryThatWasKilled() {
		long redis = redis().pid();
		assertThat(cluster.allPids()).contains(redis);
		cluster.signal("KILL");
		cluster.awaitNothingLeft(Deadlines.EVENT);
	}

	/**
	 * A client's session.
	 */
	private static final class Session {

		private String cookie = "none=1";

		private int visits;

		long visit() throws IOException {
			try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
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
				try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
					boolean open = true;
					while (open && !this.stopped) {
						open = increment(connection);
						// leaves the processors to workers that start
						LockSupport.parkNanos(PAUSE.toNanos());
					}
				}
				catch (IOException ex) {
					this.broken.incrementAndGet();
				}
			}
		}

		private boolean increment(HttpConnection connection) throws IOException {
			HttpConnection.Reply reply = connection.get("/increment");
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

		/**
		 * It takes as long as it takes, but never stops.
		 */
		void awaitAcknowledged(long number) {
			while (this.acknowledged.get() < number) {
				long before = this.acknowledged.get();
				await().atMost(Deadlines.EVENT).until(() -> this.acknowledged.get() > before);
			}
		}

		void stop() throws InterruptedException {
			this.stopped = true;
			this.clients.shutdown();
			assertThat(this.clients.awaitTermination(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			assertThat(this.complaints).isEmpty();
		}

		long acknowledged() {
			return this.acknowledged.get();
		}

		long refused() {
			return this.refused.get();
		}

		/**
		 * Connections that broke, each with a request of which nobody knows what became
		 * of it.
		 */
		long broken() {
			return this.broken.get();
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
			return "%d acknowledged, %d refused, %d broken connections".formatted(acknowledged(), refused(), broken());
		}

	}

}
