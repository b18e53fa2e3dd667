package io.clusterboot.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import javax.net.ssl.SSLContext;

import io.clusterboot.it.ClusterView.Worker;
import io.clusterboot.it.LoadReport.HandOver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Nothing fails while workers are replaced: clients of all kinds are busy at once, and
 * each failure is counted. Once each by default; in full:
 *
 * <pre>
 * ./mvnw verify -Pfull -Dtest=ReloadLoadTests -Dsurefire.failIfNoSpecifiedTests=false -Dreload.rounds=50 -Dreload.silence=60
 * </pre>
 *
 * {@code -Dreload.seed} makes the random choices other ones.
 * {@code -Dreload.compare=true} shows how many connections would be closed under their
 * clients without hand-over.
 */
@ExtendWith(PrintOutputOnFailure.class)
class ReloadLoadTests {

	private static final int ROUNDS = Integer.getInteger("reload.rounds", 2);

	private static final long SEED = Long.getLong("reload.seed", 26);

	/**
	 * Longest time for which clients are silent before they send a POST.
	 */
	private static final Duration SILENCE = Duration.ofSeconds(Integer.getInteger("reload.silence", 5));

	private static final int WORKERS = 2;

	/** Time that a slow request or an upload takes at most. */
	private static final Duration LONGEST_REQUEST = Duration.ofSeconds(2);

	/**
	 * For all that the cluster waits for no longer than a while. All clients leave a
	 * worker by themselves that lets them, however slow they and it are.
	 */
	private static final String NEVER = "20m";

	private static ClusterProcess cluster;

	private static SSLContext trust;

	private static int descriptors;

	@BeforeAll
	static void start(@TempDir Path directory) throws Exception {
		TestCertificate certificate = TestCertificate.create(directory);
		trust = certificate.clientContext();
		cluster = ClusterProcess.ports()
			.workers(WORKERS)
			.property("server.ssl.key-store", certificate.keyStore())
			.property("server.ssl.key-store-password", TestCertificate.PASSWORD)
			.property("server.http2.enabled", true)
			.property("app.plain-port", 0)
			.askAtExtraPort()
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.drain.timeout", NEVER)
			.property("cluster.drain.idle-grace", NEVER)
			.property("cluster.shutdown.timeout", NEVER)
			.property("cluster.startup.timeout", NEVER)
			.property("cluster.heartbeat.timeout", NEVER)
			.property("cluster.link.reply-timeout", NEVER)
			.property("server.tomcat.connection-timeout", NEVER)
			.property("server.tomcat.keep-alive-timeout", NEVER)
			.property("server.tomcat.max-keep-alive-requests", -1)
			.property("server.jetty.connection-idle-timeout", NEVER)
			.property("cluster.reload.probation", "100ms")
			// what nobody takes within 200 ms comes back, and for a moment nothing moves
			.property("cluster.rebalance.enabled", false)
			.start();
		cluster.awaitReady();
		descriptors = LosingAndReplacing.fewestDescriptors(cluster.pid());
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	/**
	 * Each once.
	 */
	@Test
	@Tag("every-server")
	void aReloadAndATerminationLoseNothing() {
		prove(List.of((round, random) -> reload(round), ReloadLoadTests::terminate));
	}

	@Test
	@Tag("full")
	@Timeout(value = 2, unit = TimeUnit.HOURS)
	void terminatedWorkersLoseNothing() {
		prove(Collections.nCopies(ROUNDS, ReloadLoadTests::terminate));
	}

	@Test
	@Tag("full")
	@Timeout(value = 2, unit = TimeUnit.HOURS)
	void reloadsLoseNothing() {
		prove(Collections.nCopies(ROUNDS, (round, random) -> reload(round)));
	}

	@Test
	@Timeout(value = 2, unit = TimeUnit.HOURS)
	@EnabledIfSystemProperty(named = "reload.compare", matches = "true")
	void withoutHandOverSilentClientsLoseTheirConnections() {
		try (ClusterProcess without = ClusterProcess.ports()
			.workers(WORKERS)
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.drain.handover", false)
			.start()) {
			without.awaitReady();
			LoadGenerator.Running load = LoadMix.idle(without.port())
				.clients(LoadMix.IDLE_CLIENTS)
				.pause(Duration.ofSeconds(1), SILENCE)
				.duration(Duration.ofHours(1))
				.start();
			for (int round = 0; round < ROUNDS; round++) {
				assertThat(new Operations(without).post("reload?wait=2m").status()).isEqualTo(200);
			}
			LoadResult result = load.stop();
			System.out
				.printf("Without hand-over, %d silent clients, %d reloads: %d connections closed under the client%s%n",
						LoadMix.IDLE_CLIENTS, ROUNDS,
						result.only((exchange) -> !exchange.fresh()).count(LoadResult.Outcome.RESET)
								+ result.only(LoadResult.Exchange::closes).count(LoadResult.Outcome.OK),
						result.table());
		}
	}

	private static void prove(List<Replacement> replacements) {
		System.out.printf("%d rounds, -Dreload.seed=%d%n", replacements.size(), SEED);
		Random random = new Random(SEED);
		Set<Long> first = cluster.awaitReplaced(List.of()).pids();
		List<HandOver> handOvers = new ArrayList<>();
		long start = System.nanoTime();
		LoadReport report;
		LoadMix load = LoadMix.start(cluster.extraPort(), cluster.port(), trust, LONGEST_REQUEST, SEED);
		if (TestServer.selected().handsConnectionsOver()) {
			load.startIdle(SILENCE);
		}
		try {
			awaitAnswersBy(first, load);
			for (Replacement replacement : replacements) {
				load.awaitAnswers(20 + random.nextInt(50));
				HandOver handOver = replacement.perform(handOvers.size() + 1, random);
				handOvers.add(handOver);
				awaitAnswersBy(handOver.successors(), load);
			}
			cluster.awaitReplaced(handOvers.get(handOvers.size() - 1).former());
		}
		finally {
			report = new LoadReport(load.stop(), handOvers, Duration.ofNanos(System.nanoTime() - start));
			System.out.println(report.table());
		}
		report.assertNoFailures()
			.assertAnsweredInTurn(first)
			.assertSessionsKept(LoadMix.WEB_SOCKET)
			.assertSessionsKept(LoadMix.EVENTS);
		if (TestServer.selected().handsConnectionsOver()) {
			report.assertConnectionsKept(LoadMix.IDLE, LoadMix.IDLE_CLIENTS);
		}
		assertNothingLeft();
	}

	private static void awaitAnswersBy(Set<Long> workers, LoadMix load) {
		await().atMost(Deadlines.EVENT).until(() -> load.answeredBy().containsAll(workers));
	}

	/**
	 * End one of the workers, or all of them at once, as somebody would who does not know
	 * the primary.
	 */
	private static HandOver terminate(int round, Random random) {
		ClusterView before = cluster.awaitReplaced(List.of());
		int choice = random.nextInt(WORKERS + 1);
		List<Worker> victims = (choice < WORKERS) ? List.of(before.workers().get(choice)) : before.workers();
		Set<Long> pids = victims.stream().map(Worker::pid).collect(Collectors.toUnmodifiableSet());
		long begun = System.nanoTime();
		Processes.signal("TERM", List.copyOf(pids));
		for (Worker victim : victims) {
			cluster.awaitLine("worker-%d \\(.*\\) exited after".formatted(victim.id()), Deadlines.EVENT);
		}
		long done = System.nanoTime();
		Set<Long> successors = new HashSet<>(cluster.awaitReplaced(pids).pids());
		successors.removeAll(before.pids());
		assertThat(successors).hasSameSizeAs(pids);
		return new HandOver("termination " + round, begun, done, pids, successors);
	}

	/**
	 * Former workers may still finish what they have when the reload is done.
	 */
	private static HandOver reload(int round) {
		ClusterView before = cluster.awaitReplaced(List.of());
		long begun = System.nanoTime();
		Operations.Answer answer = new Operations(cluster).post("reload");
		assertThat(answer.status()).as(answer::body).isEqualTo(202);
		int id = answer.json().path("id").asInt();
		ClusterView after = await().atMost(Deadlines.EVENT)
			.until(cluster::cluster, (view) -> view.reload().id() == id && view.reload().finishedAt() != null);
		long done = System.nanoTime();
		assertThat(after.reload().state()).isEqualTo("DONE");
		Set<Long> successors = after.workers()
			.stream()
			.filter((worker) -> worker.generation() == after.reload().generation())
			.map(Worker::pid)
			.collect(Collectors.toUnmodifiableSet());
		assertThat(successors).hasSize(WORKERS).doesNotContainAnyElementsOf(before.pids());
		return new HandOver("reload " + round, begun, done, before.pids(), successors);
	}

	private static void assertNothingLeft() {
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(Processes.openDescriptors(cluster.pid())).as("descriptors of the primary")
				.isEqualTo(descriptors));
		await().atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(cluster.allPids()).as("processes").hasSize(1 + WORKERS));
		System.out.printf("%d open descriptors of the primary before and after%n", descriptors);
	}

	/**
	 * Replaces workers, and returns when it is done.
	 */
	private interface Replacement {

		HandOver perform(int round, Random random);

	}

}
