package io.clusterboot.it;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXDatagramSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A service manager is told what the cluster does.
 */
@ExtendWith(PrintOutputOnFailure.class)
class ServiceManagerTests {

	private final List<String> messages = new CopyOnWriteArrayList<>();

	private void receive(AFUNIXDatagramSocket socket) {
		byte[] buffer = new byte[4096];
		DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
		while (!socket.isClosed()) {
			try {
				packet.setLength(buffer.length);
				socket.receive(packet);
				this.messages.add(new String(buffer, 0, packet.getLength(), StandardCharsets.UTF_8));
			}
			catch (SocketTimeoutException ex) {
				// look whether the test is over
			}
			catch (IOException ex) {
				return;
			}
		}
	}

	private int awaitMessage(int from, String start) {
		return await().atMost(Deadlines.EVENT).until(() -> indexOf(from, start), (index) -> index >= 0);
	}

	private int indexOf(int from, String start) {
		List<String> received = new ArrayList<>(this.messages);
		for (int i = from; i < received.size(); i++) {
			if (received.get(i).startsWith(start)) {
				return i;
			}
		}
		return -1;
	}

	@Test
	void serviceManagerIsToldOfStartReloadAndStop(@TempDir Path directory) throws IOException {
		Path path = directory.resolve("notify");
		try (AFUNIXDatagramSocket socket = AFUNIXDatagramSocket.newInstance()) {
			socket.bind(AFUNIXSocketAddress.of(path));
			socket.setSoTimeout(100);
			Thread receiver = new Thread(() -> receive(socket), "service-manager");
			receiver.setDaemon(true);
			receiver.start();
			try (ClusterProcess cluster = ClusterProcess.ports()
				.environment("NOTIFY_SOCKET", path.toString())
				.environment("WATCHDOG_USEC", "400000")
				.property("cluster.reload.surge", 2)
				.property("cluster.reload.probation", "200ms")
				.property("cluster.drain.idle-grace", "100ms")
				.start()) {
				int ready = awaitMessage(0, "READY=1");
				assertThat(this.messages.get(ready)).contains("STATUS=1 of 2 workers ready");
				cluster.awaitReady();
				List<Long> before = cluster.workerPids();
				awaitMessage(ready + 1, "STATUS=2 of 2 workers ready");
				cluster.signal("HUP");
				int reloading = awaitMessage(ready + 1, "RELOADING=1");
				assertThat(this.messages.get(reloading)).containsPattern("MONOTONIC_USEC=\\d+")
					.contains("STATUS=Reload 1 (SIGHUP)");
				int reloaded = awaitMessage(reloading + 1, "READY=1");
				assertThat(this.messages.get(reloaded)).contains("Reload 1 (SIGHUP) DONE");
				cluster.awaitReplaced(before);
				awaitMessage(reloaded + 1, "WATCHDOG=1");
				cluster.signal("TERM");
				assertThat(cluster.awaitExit(Deadlines.EVENT)).isEqualTo(143);
				cluster.awaitNothingLeft(Deadlines.EVENT);
				awaitMessage(reloaded + 1, "STOPPING=1");
				assertThat(this.messages).as("workers say nothing")
					.filteredOn((message) -> message.startsWith("READY=1"))
					.hasSize(2);
			}
		}
	}

}
