package io.clusterboot.worker;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.clusterboot.os.ReservedPort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ReusePortServerSocket} and {@link ReservedPort}: two sockets at one
 * real port, as two workers have them.
 */
@EnabledOnOs(OS.LINUX)
class ReusePortServerSocketTests {

	private final List<SocketChannel> clients = new ArrayList<>();

	private final AtomicInteger closed = new AtomicInteger();

	private InetSocketAddress address;

	private ReusePortServerSocket first;

	private ReusePortServerSocket second;

	@BeforeEach
	void reserve() throws IOException {
		ReservedPort port = ReservedPort.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
		this.address = (InetSocketAddress) port.channel().getLocalAddress();
		this.first = socket(port);
		this.second = socket(ReservedPort.of(this.address));
	}

	private ReusePortServerSocket socket(ReservedPort port) {
		return new ReusePortServerSocket(port, ServerSocketChannel::bind, this.closed::incrementAndGet);
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
	void nobodyIsLetInBeforeTheGateOpens() throws Exception {
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		Acceptors.assertWaits(accepted);
		assertThatExceptionOfType(ConnectException.class).isThrownBy(this::connect);
		this.first.open();
		Acceptors.assertPeer(accepted, connectWhenListening());
	}

	@Test
	void aShutGateLeavesAllConnectionsToTheOther() throws Exception {
		this.first.open();
		CompletableFuture<SocketChannel> mine = Acceptors.accept(this.first);
		Acceptors.assertPeer(mine, connectWhenListening());
		CompletableFuture<SocketChannel> again = Acceptors.accept(this.first);
		Acceptors.assertWaits(again);
		this.first.shut();
		this.second.open();
		for (int i = 0; i < 20; i++) {
			CompletableFuture<SocketChannel> others = Acceptors.accept(this.second);
			Acceptors.assertPeer(others, connectWhenListening());
		}
		Acceptors.assertWaits(again);
		this.second.shut();
		this.first.open();
		Acceptors.assertPeer(again, connectWhenListening());
	}

	@Test
	void whatWaitsIsAcceptedBeforeTheSocketCloses() throws Exception {
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		this.first.open();
		Acceptors.assertPeer(accepted, connectWhenListening());
		List<SocketChannel> waiting = List.of(connect(), connect(), connect());
		CompletableFuture<List<SocketChannel>> all = CompletableFuture
			.supplyAsync(() -> Acceptors.acceptAll(this.first));
		this.first.lastCall(PlayedPrimary.DEADLINE);
		this.first.wakeup();
		assertThat(all.get(3, TimeUnit.MINUTES)).hasSameSizeAs(waiting);
		assertThatExceptionOfType(ConnectException.class).isThrownBy(this::connect);
		this.first.open();
		assertThatExceptionOfType(ConnectException.class).isThrownBy(this::connect);
	}

	@Test
	void anAcceptorThatDoesNotComeIsNotWaitedForLong() throws Exception {
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		this.first.open();
		Acceptors.assertPeer(accepted, connectWhenListening());
		long start = System.nanoTime();
		this.first.lastCall(Acceptors.SHORT);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Acceptors.SHORT);
		assertThatExceptionOfType(ConnectException.class).isThrownBy(this::connect);
	}

	@Test
	void wakeupMakesTheAcceptorReturnEmptyHandedOnce() throws Exception {
		this.first.open();
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		Acceptors.assertWaits(accepted);
		this.first.wakeup();
		assertThat(accepted.get(3, TimeUnit.MINUTES)).isNull();
		CompletableFuture<SocketChannel> again = Acceptors.accept(this.first);
		Acceptors.assertPeer(again, connectWhenListening());
	}

	@Test
	void closeMakesTheAcceptorReturnForGood() throws Exception {
		this.first.open();
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		Acceptors.assertWaits(accepted);
		this.first.close();
		assertThat(accepted.get(3, TimeUnit.MINUTES)).isNull();
		assertThat(Acceptors.accept(this.first).get(3, TimeUnit.MINUTES)).isNull();
		assertThat(this.closed).hasValue(1);
	}

	@Test
	void thePortIsKeptFromOthersUntilEverybodyHasClosed() throws Exception {
		assertThat(this.first.channel().getLocalAddress()).isEqualTo(this.address);
		this.first.close();
		assertThatExceptionOfType(BindException.class).isThrownBy(this::bind);
		this.second.close();
		bind();
	}

	private void bind() throws IOException {
		try (ServerSocketChannel channel = ServerSocketChannel.open()) {
			channel.bind(this.address);
		}
	}

	private SocketChannel connect() throws IOException {
		SocketChannel client = SocketChannel.open(this.address);
		this.clients.add(client);
		return client;
	}

	/**
	 * It is the acceptor that begins to listen.
	 */
	private SocketChannel connectWhenListening() {
		long deadline = System.nanoTime() + PlayedPrimary.DEADLINE.toNanos();
		while (true) {
			try {
				return connect();
			}
			catch (IOException ex) {
				assertThat(System.nanoTime()).as("listens in time").isLessThan(deadline);
				Thread.onSpinWait();
			}
		}
	}

}
