package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

import io.clusterboot.it.ClusterView.Worker;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Workers come and go. Each is told of all others, one of them leads, and what runs once
 * per cluster does so all the time. All tests share one cluster.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class ClusterLifeTests {

	private static final Duration POLL = Duration.ofMillis(20);

	private static final Set<Long> KILLED = new HashSet<>();

	@TempDir
	private static Path directory;

	private static ClusterProcess cluster;

	private static Operations operations;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.ports()
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.restart.initial-delay", "50ms")
			.property("cluster.restart.max-delay", "50ms")
			.property("cluster.heartbeat.timeout", "10m")
			.property("cluster.reload.probation", "300ms")
			.property("cluster.drain.idle-grace", "200ms")
			.property("app.life-directory", directory)
			.property("app.readiness-directory", directory)
			.start();
		cluster.awaitReady();
		operations = new Operations(cluster);
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	private static List<String> lines(String file) {
		try {
			Path path = directory.resolve(file);
			return Files.exists(path) ? Files.readAllLines(path) : List.of();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void awaitEvents(long pid, String... events) {
		await().pollInterval(POLL)
			.atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(lines("events-" + pid)).endsWith(events));
	}

	private static List<Worker> workers() {
		return cluster.cluster().workers();
	}

	private static Worker workerAt(int index) {
		return workers().stream().filter((worker) -> worker.index() == index).findFirst().orElseThrow();
	}

	private static List<Long> leaders() {
		return cluster.workerPids().stream().filter((pid) -> Files.exists(directory.resolve("leader-" + pid))).toList();
	}

	private static void awaitLeader(long pid) {
		await().pollInterval(POLL).atMost(Deadlines.EVENT).until(() -> leaders().equals(List.of(pid)));
	}

	private static long awaitLeaderOtherThan(long former) {
		return await().pollInterval(POLL)
			.atMost(Deadlines.EVENT)
			.until(ClusterLifeTests::leaders, (leaders) -> leaders.size() == 1 && !leaders.contains(former))
			.get(0);
	}

	private static void awaitRun(long pid) {
		int before = lines("runs").size();
		await().pollInterval(POLL)
			.atMost(Deadlines.EVENT)
			.until(() -> lines("runs").stream().skip(before).anyMatch(("end " + pid)::equals));
	}

	/**
	 * Make a worker refuse traffic for as long as it takes for another one to lead.
	 */
	private static long refuseForAWhile(long pid) throws IOException {
		Path refuse = Files.createFile(directory.resolve("refuse-" + pid));
		long leader = awaitLeaderOtherThan(pid);
		Files.delete(refuse);
		await().atMost(Deadlines.EVENT).until(() -> cluster.cluster().worker(pid).state().equals("READY"));
		return leader;
	}

	private static void kill(long pid) {
		KILLED.add(pid);
		Processes.signal("KILL", List.of(pid));
	}

	@Test
	@Order(1)
	void everyWorkerIsToldWhatHappensToAll() {
		long first = workerAt(0).pid();
		long second = workerAt(1).pid();
		awaitEvents(first, "online 1", "listening 1", "online 2", "listening 2");
		awaitEvents(second, "online 2", "listening 2");
		assertThat(lines("events-" + first)).hasSize(4);
		assertThat(lines("events-" + second)).hasSize(2);
		awaitLeader(first);
	}

	@Test
	@Order(2)
	void aLeaderThatRefusesTrafficIsOneNoMore() throws IOException {
		long leader = workerAt(0).pid();
		awaitRun(leader);
		long next = refuseForAWhile(leader);
		assertThat(next).isEqualTo(workerAt(1).pid());
		awaitEvents(next, "listening 1");
		awaitRun(next);
		assertThat(leaders()).as("another one that is ready again changes nothing").containsExactly(next);
	}

	@Test
	@Order(3)
	void anotherOneFollowsALeaderThatIsKilledInTheMiddle() throws IOException {
		Worker leader = workerAt(1);
		Path hold = Files.createFile(directory.resolve("hold"));
		await().pollInterval(POLL)
			.atMost(Deadlines.EVENT)
			.until(() -> lines("runs"), (runs) -> runs.get(runs.size() - 1).equals("begin " + leader.pid()));
		kill(leader.pid());
		long next = awaitLeaderOtherThan(leader.pid());
		assertThat(next).isEqualTo(workerAt(0).pid());
		awaitEvents(next, "exited 2 137 SIGKILL", "online 3", "listening 3");
		await().pollInterval(POLL)
			.atMost(Deadlines.EVENT)
			.untilAsserted(() -> assertThat(lines("runs")).endsWith("begin " + leader.pid(), "begin " + next));
		Files.delete(hold);
		awaitRun(next);
		cluster.awaitReplaced(List.of(leader.pid()));
	}

	@Test
	@Order(4)
	void anotherOneFollowsALeaderThatTheClusterDoesWithout() throws IOException {
		long kept = workerAt(0).pid();
		Worker surplus = workerAt(1);
		assertThat(refuseForAWhile(kept)).isEqualTo(surplus.pid());
		operations.post("scale", "{\"workers\": 1}");
		awaitEvents(kept, "scaled 2 1", "disconnected " + surplus.id(), "exited " + surplus.id() + " 0 null");
		awaitLeader(kept);
		awaitRun(kept);
		operations.post("scale", "{\"workers\": 2}");
		int added = surplus.id() + 1;
		awaitEvents(kept, "scaled 1 2", "online " + added, "listening " + added);
		for (String noted : List.of("1 workers instead of 2", "2 workers instead of 1",
				"worker-%d leaves".formatted(surplus.id()), "worker-%d exited with 0, null".formatted(surplus.id()),
				"worker-%d is online".formatted(added), "worker-%d listens".formatted(added))) {
			cluster.awaitLine("noted: " + noted, Deadlines.EVENT);
		}
	}

	@Test
	@Order(5)
	void aReloadMovesTheLeaderOnceAndTheScheduleGoesOn() throws IOException {
		Pattern appointment = Pattern.compile("is the leader");
		List<Long> before = workers().stream().map(Worker::pid).toList();
		// at first, when it refused, when it was killed, and to and fro when scaled
		int appointments = 5;
		assertThat(cluster.output().await(appointment, appointments, Deadlines.EVENT)).hasSize(appointments);
		assertThat(operations.post("reload?wait=3m").state()).isEqualTo("DONE");
		cluster.awaitLine("noted: reload \\d+ begins", Deadlines.EVENT);
		cluster.awaitLine("noted: reload \\d+ is DONE", Deadlines.EVENT);
		ClusterView after = cluster.awaitReplaced(before);
		long leader = await().atMost(Deadlines.EVENT)
			.until(ClusterLifeTests::leaders, (leaders) -> leaders.size() == 1)
			.get(0);
		assertThat(after.pids()).contains(leader);
		cluster.output().await(appointment, appointments + 1, Deadlines.EVENT);
		awaitRun(leader);
		assertThat(lines("events-" + before.get(0))).contains("reload ROLLING");
		after.pids()
			.forEach((pid) -> await().atMost(Deadlines.EVENT)
				.until(() -> lines("events-" + pid).contains("reload DONE")));
		assertThat(cluster.output().find(appointment)).as("appointments").hasSize(appointments + 1);
		long next = refuseForAWhile(leader);
		awaitRun(next);
	}

	@Test
	@Order(6)
	void nothingThatRunsOncePerClusterHasOverlapped() {
		String running = null;
		for (String line : lines("runs")) {
			String pid = line.substring(line.indexOf(' ') + 1);
			if (line.startsWith("begin")) {
				assertThat(running == null || KILLED.contains(Long.valueOf(running)))
					.as("%s while %s runs", line, running)
					.isTrue();
				running = pid;
			}
			else {
				assertThat(pid).isEqualTo(running);
				running = null;
			}
		}
		assertThat(lines("starts")).as("calls once in the life of the cluster").hasSize(1);
	}

}
