package io.clusterboot.it;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.it.ClusterView.Worker;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A request that ruins its JVM costs one worker.
 */
@ExtendWith(PrintOutputOnFailure.class)
class OutOfMemoryTests {

	private static final String BODY = "^Hello from Worker (\\d+)$";

	private static ClusterProcess cluster;

	@BeforeAll
	static void start() {
		cluster = ClusterProcess.demo()
			.property("spring.profiles.active", "chaos")
			.property("cluster.worker.jvm-args", "-Xmx96m")
			.start();
		cluster.awaitReady();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	/**
	 * Send a request that kills the worker that takes it.
	 * @return what is known of the worker's end
	 */
	private ClusterView.LastExit ruin(String path) throws IOException {
		List<Long> before = new ArrayList<>(cluster.awaitReplaced(List.of()).pids());
		int lines = cluster.output().lines().size();
		long victim;
		int index;
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			victim = Long.parseLong(connection.get("/").body().replace("Hello from Worker ", ""));
			index = cluster.cluster().worker(victim).index();
			assertThatExceptionOfType(IOException.class).isThrownBy(() -> connection.get(path));
		}
		before.remove(victim);
		LoadResult served = LoadGenerator.on(cluster.port())
			.get("/", BODY)
			.requests(100)
			.timeout(Deadlines.EVENT)
			.duration(Deadlines.EVENT)
			.run()
			.assertNoFailures();
		assertThat(served.answers()).as(served::table).containsKey(before.get(0)).doesNotContainKey(victim);
		ClusterView after = cluster.awaitReplaced(List.of(victim));
		assertThat(after.pids()).as("the other worker").contains(before.get(0));
		assertThat(cluster.output().lines().subList(lines, cluster.output().lines().size()))
			.filteredOn((line) -> line.contains("exited after"))
			.hasSize(1);
		Worker replacement = after.workers().get(index);
		assertThat(replacement.index()).isEqualTo(index);
		return replacement.lastExit();
	}

	@Test
	void exhaustedMemoryCostsOneWorker() throws IOException {
		ClusterView.LastExit exit = ruin("/oom");
		assertThat(exit.code()).isEqualTo(3);
		assertThat(exit.signal()).isNull();
		assertThat(exit.reason()).contains("out of memory");
		cluster.awaitLine("exited after .* out of memory.*: replaced", Deadlines.EVENT);
	}

	@Test
	@Tag("full")
	void haltCostsOneWorker() throws IOException {
		ClusterView.LastExit exit = ruin("/crash");
		assertThat(exit.code()).isEqualTo(1);
		assertThat(exit.signal()).isNull();
		assertThat(exit.reason()).isEqualTo("exit code 1");
	}

}
