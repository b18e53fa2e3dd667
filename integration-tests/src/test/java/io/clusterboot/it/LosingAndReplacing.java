package io.clusterboot.it;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.it.LoadResult.Exchange;
import io.clusterboot.it.LoadResult.Outcome;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * No connection is lost while workers come and go, whoever selects them: what holds for
 * each strategy, shown with one cluster.
 */
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
abstract class LosingAndReplacing {

	/**
	 * Each has one connection at a time. So no more than that is lost when a worker dies,
	 * and when the cluster stops.
	 */
	private static final int CLIENTS = 4;

	private final String loadBalancing;

	private ClusterProcess cluster;

	/** Replacements do not become ready while it does not exist. */
	private Path startGate;

	private Path requestGate;

	private int descriptors;

	/**
	 * Create the tests.
	 * @param loadBalancing the strategy
	 */
	LosingAndReplacing(String loadBalancing) {
		this.loadBalancing = loadBalancing;
	}

	@BeforeAll
	void start(@TempDir Path directory) throws IOException {
		this.startGate = Files.createFile(directory.resolve("start"));
		this.requestGate = directory.resolve("request");
		this.cluster = ClusterProcess.ports()
			.property("cluster.load-balancing", this.loadBalancing)
			.property("cluster.reload.probation", "200ms")
			// connections stay where they are, but for those of a worker that leaves
			.property("cluster.rebalance.enabled", false)
			.property("app.start-gate", this.startGate)
			// nobody is to be killed for being slow, or suspended
			.property("cluster.heartbeat.timeout", "10m")
			.property("cluster.startup.timeout", "10m")
			.property("cluster.drain.timeout", "5m")
			// clients that keep their connections leave when they are told to
			.property("cluster.drain.idle-grace", "5m")
			.property("cluster.shutdown.timeout", "10m")
			.start();
		this.cluster.awaitReady();
		this.descriptors = fewestDescriptors(this.cluster.pid());
	}

	@AfterAll
	void stop() {
		this.cluster.close();
	}

	ClusterProcess cluster() {
		return this.cluster;
	}

	/**
	 * The number of descriptors, but for what is open for a moment only.
	 */
	static int fewestDescriptors(long pid) {
		List<Integer> looks = new ArrayList<>();
		await().atMost(Deadlines.EVENT).pollInterval(Duration.ofMillis(10)).until(() -> {
			looks.add(Processes.openDescriptors(pid));
			return looks.size() == 30;
		});
		return looks.stream().mapToInt(Integer::intValue).min().orElseThrow();
	}

	private LoadGenerator load() {
		return LoadGenerator.on(this.cluster.port()).clients(CLIENTS).pause(Duration.ofMillis(30));
	}

	/**
	 * One of the workers that get connections: with a hash of the client there is but
	 * one.
	 */
	private static long oneThatAnswers(LoadGenerator.Running load) {
		List<Exchange> exchanges = load.soFar().exchanges();
		return exchanges.get(exchanges.size() - 1).pid();
	}

	@Test
	@Order(1)
	void clientsThatLeaveAtOnceHoldNobodyUp() throws IOException {
		for (int i = 0; i < 100; i++) {
			try (Socket client = new Socket("127.0.0.1", this.cluster.port())) {
				client.setSoLinger(true, 0);
			}
			LoadGenerator.on(this.cluster.port()).clients(1).requests(1).run().assertNoFailures();
		}
	}

	/**
	 * Of those that come later: what it has accepted already, it has.
	 */
	@Test
	@Order(2)
	void aSuspendedWorkerHoldsUpOneConnectionAtTheMost() {
		try (LoadGenerator.Running before = load().start()) {
			before.awaitAnswers(50);
			long suspended = oneThatAnswers(before);
			Processes.signal("STOP", List.of(suspended));
			try {
				await().atMost(Deadlines.EVENT).until(() -> ProcessThreads.areStopped(suspended));
				try (LoadGenerator.Running load = load().start()) {
					load.awaitAnswers(100).awaitAllBut(1);
					Processes.signal("CONT", List.of(suspended));
					load.stop().assertNoFailures();
				}
			}
			finally {
				Processes.signal("CONT", List.of(suspended));
			}
			long continued = System.nanoTime();
			await().atMost(Deadlines.EVENT)
				.until(() -> before.soFar().begunAfter(continued).answers().containsKey(suspended));
			before.stop().assertNoFailures();
		}
	}

	/**
	 * One after the other, and no replacement before both are dead.
	 */
	@Test
	@Order(3)
	void killedWorkersFailNothingButTheirRequestsInFlight() throws IOException {
		List<Long> workers = this.cluster.workerPids();
		Files.delete(this.startGate);
		try {
			List<Long> left = new ArrayList<>(workers);
			try (LoadGenerator.Running load = load().start()) {
				load.awaitAnswers(50);
				long first = oneThatAnswers(load);
				left.remove(first);
				Processes.signal("KILL", List.of(first));
				load.awaitAnswers(50);
				assertOneLostByEachAtTheMost(load.stop().assertNoFailuresBut(Outcome.RESET));
			}
			Processes.signal("KILL", left);
			try (HttpConnection waiting = HttpConnection.open(this.cluster.port(), Deadlines.EVENT)) {
				waiting.send("GET", "/pid", new byte[0]);
				Files.createFile(this.startGate);
				assertThat(waiting.read().pid()).isNotIn(workers);
			}
		}
		finally {
			if (!Files.exists(this.startGate)) {
				Files.createFile(this.startGate);
			}
		}
		this.cluster.awaitReplaced(workers);
	}

	private static void assertOneLostByEachAtTheMost(LoadResult result) {
		assertThat(result.count(Outcome.RESET)).as(result::table).isLessThanOrEqualTo(CLIENTS);
	}

	@Test
	@Order(5)
	void aReloadUnderLoadLosesNothing() {
		List<Long> before = this.cluster.workerPids();
		try (LoadGenerator.Running fresh = load().start(); LoadGenerator.Running kept = load().keepAlive().start()) {
			fresh.awaitAnswers(50, kept);
			this.cluster.signal("HUP");
			this.cluster.awaitReplaced(before);
			fresh.awaitAnswers(50, kept);
			fresh.stop().assertNoFailures();
			kept.stop().assertNoFailures();
		}
	}

	@Test
	@Order(6)
	void noDescriptorIsLeft() {
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(Processes.openDescriptors(this.cluster.pid())).isEqualTo(this.descriptors));
	}

	/**
	 * The kernel resets what arrives between the last look into the queue and the close.
	 * From then on clients are refused.
	 */
	@Test
	@Order(7)
	void whatIsAcceptedWhenTheClusterStopsIsAnswered() throws IOException {
		List<HttpConnection> held = List.of(hold("first"), hold("second"));
		LoadGenerator.Running load = load().start();
		load.awaitAnswers(50);
		this.cluster.signal("TERM");
		await().atMost(Deadlines.EVENT).until(() -> load.soFar().count(Outcome.REFUSED) > 0);
		Files.createFile(this.requestGate);
		for (HttpConnection connection : held) {
			assertThat(connection.read().status()).isEqualTo(200);
			connection.close();
		}
		assertThat(this.cluster.awaitExit(Deadlines.EVENT)).isEqualTo(143);
		assertOneLostByEachAtTheMost(load.stop().assertNoFailuresBut(Outcome.REFUSED, Outcome.RESET));
	}

	private HttpConnection hold(String name) throws IOException {
		HttpConnection connection = HttpConnection.open(this.cluster.port(), Deadlines.EVENT);
		connection.send("GET", "/hold?name=%s&gate=%s".formatted(name, this.requestGate), new byte[0]);
		this.cluster.awaitLine("holding " + name, Deadlines.EVENT);
		return connection;
	}

}
