package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.clusterboot.ClusterProperties;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.ListenAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ConnectionAcceptor}, with a real socket, a worker that is played, and
 * a clock that stands still unless it is moved.
 */
@EnabledOnOs(OS.LINUX)
class ConnectionAcceptorTests {

	private static final ListenAddress ADDRESS = new ListenAddress("*", 8080, 0);

	/** Far beyond what anything takes on a busy machine. */
	private static final Duration LIMIT = Duration.ofMinutes(3);

	private static final int CLIENTS = 5;

	@TempDir
	private Path directory;

	private final AtomicLong now = new AtomicLong(1_000_000);

	private final Dispatcher dispatcher = new Dispatcher(LoadBalancing.selector("round-robin"),
			new Rebalancer(new ClusterProperties.Rebalance(true, 50)), this.now::get);

	private final Worker worker = new Worker();

	private final List<SocketChannel> clients = new ArrayList<>();

	private UnixDomainSocketAddress path;

	@BeforeEach
	void listen() throws IOException {
		this.path = UnixDomainSocketAddress.of(this.directory.resolve("s"));
		AFUNIXServerSocket socket = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(this.path.getPath()));
		FileDescriptor own = Descriptors.duplicate(socket.getFileDescriptor());
		Descriptors.close(socket.getFileDescriptor());
		this.dispatcher.joined(1, 0, this.worker);
		this.dispatcher.listen(ADDRESS, own);
	}

	@AfterEach
	void close() throws IOException {
		this.dispatcher.close();
		for (SocketChannel client : this.clients) {
			client.close();
		}
	}

	private void connectAll() throws IOException {
		for (int i = 0; i < CLIENTS; i++) {
			this.clients.add(SocketChannel.open(this.path));
		}
	}

	private void awaitAccepted() {
		await().atMost(LIMIT).until(() -> this.dispatcher.waiting() == CLIENTS);
	}

	private void assertClosed() {
		assertThatIOException().isThrownBy(() -> SocketChannel.open(this.path).close());
	}

	@Test
	void nothingIsAcceptedWhileNobodyTakesIt() throws Exception {
		connectAll();
		assertThat(this.dispatcher.waiting()).isZero();
		this.worker.says(new FromWorker.Gate(ADDRESS, true));
		for (int i = 0; i < CLIENTS; i++) {
			this.worker.takes();
		}
		assertThat(this.dispatcher.dispatched()).containsEntry(0, (long) CLIENTS);
	}

	@Test
	void theLastCallIsOverWhenAllIsTakenThatWasInTheQueue() throws Exception {
		this.worker.says(new FromWorker.Gate(ADDRESS, true));
		connectAll();
		this.worker.says(new FromWorker.LastCall(7, ADDRESS));
		awaitAccepted();
		for (int i = 0; i < CLIENTS; i++) {
			this.worker.takes();
		}
		assertThat(this.worker.next()).isEqualTo(new FromPrimary.LastCallOver(7));
		assertClosed();
	}

	@Test
	void theLastCallDoesNotWaitForeverForAWorkerThatStandsStill() throws Exception {
		this.worker.says(new FromWorker.Gate(ADDRESS, true));
		connectAll();
		this.worker.says(new FromWorker.LastCall(7, ADDRESS));
		awaitAccepted();
		assertThat(this.worker.next()).isInstanceOf(FromPrimary.Connection.class);
		await().atMost(LIMIT).until(() -> {
			// it may not have begun to wait yet
			this.now.addAndGet(Duration.ofSeconds(1).toNanos());
			this.dispatcher.tick();
			return !this.worker.received.isEmpty();
		});
		assertThat(this.worker.next()).isEqualTo(new FromPrimary.LastCallOver(7));
		assertClosed();
	}

	/**
	 * The worker at the other end.
	 */
	private final class Worker implements HandleRegistry.Peer {

		private final BlockingQueue<FromPrimary> received = new LinkedBlockingQueue<>();

		@Override
		public boolean send(FromPrimary message, FileDescriptor... descriptors) {
			this.received.add(message);
			return true;
		}

		private FromPrimary next() throws InterruptedException {
			return this.received.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
		}

		private void takes() throws InterruptedException {
			FromPrimary message = next();
			assertThat(message).isInstanceOf(FromPrimary.Connection.class);
			says(new FromWorker.ConnectionTaken(((FromPrimary.Connection) message).number(), Busyness.NONE));
		}

		private void says(FromWorker.Dispatching message) {
			ConnectionAcceptorTests.this.dispatcher.received(1, message, List.of());
		}

	}

}
