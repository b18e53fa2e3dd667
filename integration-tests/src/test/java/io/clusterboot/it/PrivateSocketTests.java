package io.clusterboot.it;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The socket by which the primary and its workers talk is for nobody else.
 */
@ExtendWith(PrintOutputOnFailure.class)
class PrivateSocketTests {

	private static final String OPTION = "-Dio.clusterboot.worker.socket=";

	static Path socketOf(long worker) throws IOException {
		String command = Files.readString(Path.of("/proc/" + worker + "/cmdline"), StandardCharsets.ISO_8859_1);
		return Arrays.stream(command.split("\0"))
			.filter((word) -> word.startsWith(OPTION))
			.map((option) -> Path.of(option.substring(OPTION.length())))
			.findFirst()
			.orElseThrow();
	}

	/**
	 * Nothing is left of the socket when the primary has been told to end;
	 * {@link BuildsTests} kill it.
	 */
	@Test
	void strangersAreTurnedAwayAndNothingIsLeftOfTheSocket() throws Exception {
		try (ClusterProcess cluster = ClusterProcess.ports()
			.workers(1)
			.property("cluster.drain.idle-grace", "200ms")
			.expectError("A connection to the cluster's socket was refused")
			.start()) {
			cluster.awaitReady();
			List<Long> workers = cluster.workerPids();
			Path socket = socketOf(workers.get(0));
			assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
				.isEqualTo("rwx------");
			assertThat(Files.getPosixFilePermissions(socket)).doesNotContain(PosixFilePermission.GROUP_WRITE,
					PosixFilePermission.OTHERS_WRITE);
			assertThat(Files.getOwner(socket)).isEqualTo(Files.getOwner(Path.of("/proc/" + cluster.pid())));
			byte[] heartbeat = "{\"type\":\"heartbeat\"}".getBytes(StandardCharsets.UTF_8);
			assertTurnedAway(socket, new byte[0]);
			assertTurnedAway(socket, "garbage\n".repeat(1000).getBytes(StandardCharsets.UTF_8));
			assertTurnedAway(socket,
					ByteBuffer.allocate(9 + heartbeat.length)
						.putInt(heartbeat.length)
						.put((byte) 0)
						.putInt(0)
						.put(heartbeat)
						.array());
			await().atMost(Deadlines.EVENT)
				.until(() -> cluster.output()
					.lines()
					.stream()
					.filter((line) -> line
						.contains("refused: process " + ProcessHandle.current().pid() + " is no worker"))
					.count() == 3);
			LoadGenerator.on(cluster.port())
				.requests(20)
				.timeout(Deadlines.EVENT)
				.duration(Deadlines.EVENT)
				.run()
				.assertNoFailures()
				.assertAnsweredBy(workers);
			assertThat(cluster.cluster().readyWorkers()).isEqualTo(1);
			assertThat(cluster.workerPids()).isEqualTo(workers);
			cluster.signal("TERM");
			cluster.awaitNothingLeft(Deadlines.EVENT);
			assertThat(cluster.output().lines()).noneMatch((line) -> line.contains("failed to handle an event"));
			assertThat(socket.getParent()).doesNotExist();
		}
	}

	/**
	 * Connect, send, and see the end of the connection without an answer.
	 */
	static void assertTurnedAway(Path socket, byte[] message) throws Exception {
		try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
			channel.connect(UnixDomainSocketAddress.of(socket));
			CompletableFuture<Integer> answer = CompletableFuture.supplyAsync(() -> exchange(channel, message));
			assertThat(answer.get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(-1);
		}
	}

	private static int exchange(SocketChannel channel, byte[] message) {
		try {
			channel.write(ByteBuffer.wrap(message));
			return channel.read(ByteBuffer.allocate(1));
		}
		catch (IOException ex) {
			// closed before all was sent
			return -1;
		}
	}

}
