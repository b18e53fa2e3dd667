package io.clusterboot.worker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.ListenAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link AcceptingServerSocket}: two parts in one real listening socket, as two
 * workers have them.
 */
class AcceptingServerSocketTests {

	private static final Duration SHORT = Duration.ofMillis(300);

	private final List<SocketChannel> clients = new ArrayList<>();

	private InetSocketAddress address;

	private SharedServerSocket first;

	private SharedServerSocket second;

	@BeforeEach
	void listen() throws IOException {
		try (ServerSocketChannel listening = ServerSocketChannel.open()) {
			listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			this.address = (InetSocketAddress) listening.getLocalAddress();
			this.first = part(listening);
			this.second = part(listening);
		}
	}

	@AfterEach
	void close() throws IOException {
		this.first.close();
		this.second.close();
		for (SocketChannel client : this.clients) {
			client.close();
		}
	}

	@Test
	void nothingIsAcceptedUntilTheGateOpens() throws Exception {
		CompletableFuture<SocketChannel> accepted = accept(this.first);
		SocketChannel client = connect();
		assertWaits(accepted);
		this.first.open();
		assertPeer(accepted, client);
	}

	@Test
	void aShutGateWakesTheOwnAcceptorAndLeavesConnectionsToTheOther() throws Exception {
		this.first.open();
		CompletableFuture<SocketChannel> mine = accept(this.first);
		assertWaits(mine);
		this.first.shut();
		this.second.open();
		SocketChannel client = connect();
		assertPeer(accept(this.second), client);
		assertWaits(mine);
		this.second.shut();
		this.first.open();
		assertPeer(mine, connect());
	}

	@Test
	void shuttingOneGateDoesNotDisturbTheOtherAcceptor() throws Exception {
		this.first.open();
		this.second.open();
		CompletableFuture<SocketChannel> other = accept(this.second);
		assertWaits(other);
		this.first.shut();
		assertWaits(other);
		assertPeer(other, connect());
	}

	@Test
	void connectionsWaitWhileNobodyAccepts() throws Exception {
		SocketChannel client = connect();
		this.first.close();
		this.second.open();
		assertPeer(accept(this.second), client);
	}

	@Test
	void lastCallTakesWhatWaitsAndNothingMore() throws Exception {
		List<SocketChannel> waiting = List.of(connect(), connect(), connect());
		CompletableFuture<List<SocketChannel>> all = CompletableFuture.supplyAsync(() -> acceptAll(this.first));
		this.first.lastCall(Duration.ofSeconds(10));
		SocketChannel late = connect();
		this.first.wakeup();
		assertThat(all.get(10, TimeUnit.SECONDS)).hasSameSizeAs(waiting);
		this.second.open();
		assertPeer(accept(this.second), late);
	}

	@Test
	void lastCallDoesNotWaitForAnAcceptorThatDoesNotCome() {
		long start = System.nanoTime();
		this.first.lastCall(SHORT);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(SHORT);
	}

	@Test
	void wakeupMakesTheAcceptorReturnEmptyHandedOnce() throws Exception {
		this.first.open();
		CompletableFuture<SocketChannel> accepted = accept(this.first);
		this.first.wakeup();
		assertThat(accepted.get(10, TimeUnit.SECONDS)).isNull();
		CompletableFuture<SocketChannel> again = accept(this.first);
		assertPeer(again, connect());
	}

	@Test
	void closeMakesTheAcceptorReturnForGood() throws Exception {
		CompletableFuture<SocketChannel> accepted = accept(this.first);
		this.first.close();
		assertThat(accepted.get(10, TimeUnit.SECONDS)).isNull();
		assertThat(accept(this.first).get(10, TimeUnit.SECONDS)).isNull();
		this.first.open();
		assertThat(accept(this.first).get(10, TimeUnit.SECONDS)).isNull();
	}

	@Test
	void theAddressIsKnownWhileTheGateIsShut() throws Exception {
		assertThat(this.first.channel().getLocalAddress()).isEqualTo(this.address);
	}

	private static SharedServerSocket part(ServerSocketChannel listening) throws IOException {
		ListenAddress address = ListenAddress.of((InetSocketAddress) listening.getLocalAddress(), 0);
		return new AcceptingServerSocket(Descriptors.duplicate(JdkChannels.descriptor(listening)),
				new HandOver(address, new HandOverTests.Recorder(), Runnable::run), () -> {
				});
	}

	private SocketChannel connect() throws IOException {
		SocketChannel client = SocketChannel.open(this.address);
		this.clients.add(client);
		return client;
	}

	private static List<SocketChannel> acceptAll(SharedServerSocket socket) {
		List<SocketChannel> all = new ArrayList<>();
		for (SocketChannel next = acceptNow(socket); next != null; next = acceptNow(socket)) {
			all.add(next);
		}
		return all;
	}

	private static CompletableFuture<SocketChannel> accept(SharedServerSocket socket) {
		CompletableFuture<SocketChannel> accepted = new CompletableFuture<>();
		Thread thread = new Thread(() -> accepted.complete(acceptNow(socket)));
		thread.setDaemon(true);
		thread.start();
		return accepted;
	}

	private static SocketChannel acceptNow(SharedServerSocket socket) {
		try {
			return socket.accept();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void assertWaits(CompletableFuture<SocketChannel> accepted) {
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> accepted.get(SHORT.toMillis(), TimeUnit.MILLISECONDS));
	}

	private static void assertPeer(CompletableFuture<SocketChannel> accepted, SocketChannel client)
			throws IOException, InterruptedException, ExecutionException, TimeoutException {
		try (SocketChannel connection = accepted.get(10, TimeUnit.SECONDS)) {
			assertThat(connection.getRemoteAddress()).isEqualTo(client.getLocalAddress());
		}
	}

}
