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
import java.util.concurrent.TimeUnit;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.ListenAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AcceptingServerSocket}: two parts in one real listening socket, as two
 * workers have them.
 */
class AcceptingServerSocketTests {

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
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		SocketChannel client = connect();
		Acceptors.assertWaits(accepted);
		this.first.open();
		Acceptors.assertPeer(accepted, client);
	}

	@Test
	void aShutGateWakesTheOwnAcceptorAndLeavesConnectionsToTheOther() throws Exception {
		this.first.open();
		CompletableFuture<SocketChannel> mine = Acceptors.accept(this.first);
		Acceptors.assertWaits(mine);
		this.first.shut();
		this.second.open();
		SocketChannel client = connect();
		Acceptors.assertPeer(Acceptors.accept(this.second), client);
		Acceptors.assertWaits(mine);
		this.second.shut();
		this.first.open();
		Acceptors.assertPeer(mine, connect());
	}

	@Test
	void shuttingOneGateDoesNotDisturbTheOtherAcceptor() throws Exception {
		this.first.open();
		this.second.open();
		CompletableFuture<SocketChannel> other = Acceptors.accept(this.second);
		Acceptors.assertWaits(other);
		this.first.shut();
		Acceptors.assertWaits(other);
		Acceptors.assertPeer(other, connect());
	}

	@Test
	void connectionsWaitWhileNobodyAccepts() throws Exception {
		SocketChannel client = connect();
		this.first.close();
		this.second.open();
		Acceptors.assertPeer(Acceptors.accept(this.second), client);
	}

	@Test
	void lastCallTakesWhatWaitsAndNothingMore() throws Exception {
		List<SocketChannel> waiting = List.of(connect(), connect(), connect());
		CompletableFuture<List<SocketChannel>> all = CompletableFuture
			.supplyAsync(() -> Acceptors.acceptAll(this.first));
		this.first.lastCall(PlayedPrimary.DEADLINE);
		SocketChannel late = connect();
		this.first.wakeup();
		assertThat(all.get(3, TimeUnit.MINUTES)).hasSameSizeAs(waiting);
		this.second.open();
		Acceptors.assertPeer(Acceptors.accept(this.second), late);
	}

	@Test
	void lastCallDoesNotWaitForAnAcceptorThatDoesNotCome() {
		long start = System.nanoTime();
		this.first.lastCall(Acceptors.SHORT);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Acceptors.SHORT);
	}

	@Test
	void wakeupMakesTheAcceptorReturnEmptyHandedOnce() throws Exception {
		this.first.open();
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		this.first.wakeup();
		assertThat(accepted.get(3, TimeUnit.MINUTES)).isNull();
		CompletableFuture<SocketChannel> again = Acceptors.accept(this.first);
		Acceptors.assertPeer(again, connect());
	}

	@Test
	void closeMakesTheAcceptorReturnForGood() throws Exception {
		CompletableFuture<SocketChannel> accepted = Acceptors.accept(this.first);
		this.first.close();
		assertThat(accepted.get(3, TimeUnit.MINUTES)).isNull();
		assertThat(Acceptors.accept(this.first).get(3, TimeUnit.MINUTES)).isNull();
		this.first.open();
		assertThat(Acceptors.accept(this.first).get(3, TimeUnit.MINUTES)).isNull();
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

}
