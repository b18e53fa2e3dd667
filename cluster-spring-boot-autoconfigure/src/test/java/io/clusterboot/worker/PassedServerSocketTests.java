package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.ListenAddress;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Tests for {@link PassedServerSocket} with real connections, in one process.
 */
class PassedServerSocketTests {

	private final Recorder primary = new Recorder();

	private ServerSocketChannel listening;

	private PassedServerSocket socket;

	@BeforeEach
	void listen() throws IOException {
		this.listening = ServerSocketChannel.open();
		this.listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
		InetSocketAddress address = (InetSocketAddress) this.listening.getLocalAddress();
		ListenAddress key = ListenAddress.of(address, 0);
		this.socket = new PassedServerSocket(address, key, this.primary,
				new HandOver(key, new HandOverTests.Recorder(), Runnable::run), () -> {
				});
		this.socket.open();
	}

	@AfterEach
	void close() throws IOException {
		this.socket.close();
		this.listening.close();
	}

	@Test
	void aClientThatHasGoneIsNoFailureToAccept() throws Exception {
		CompletableFuture<SocketChannel> accepted = CompletableFuture.supplyAsync(this.socket::accept);
		SocketChannel gone = SocketChannel.open(this.listening.getLocalAddress());
		gone.setOption(StandardSocketOptions.SO_LINGER, 0);
		try (SocketChannel accepting = this.listening.accept()) {
			gone.close();
			assertThatIOException().isThrownBy(() -> accepting.read(ByteBuffer.allocate(1)));
			this.socket.pass(1, descriptorOf(accepting));
		}
		Awaitility.await()
			.atMost(PlayedPrimary.DEADLINE)
			.untilAsserted(() -> assertThat(this.primary.taken).containsExactly(1L));
		try (SocketChannel client = SocketChannel.open(this.listening.getLocalAddress());
				SocketChannel accepting = this.listening.accept()) {
			this.socket.pass(2, descriptorOf(accepting));
			try (SocketChannel connection = accepted.get(3, TimeUnit.MINUTES)) {
				assertThat(connection.getRemoteAddress()).isEqualTo(client.getLocalAddress());
			}
		}
		assertThat(this.primary.taken).containsExactly(1L, 2L);
		assertThat(this.primary.declined).isEmpty();
	}

	/**
	 * As while the server has as many connections as it may have.
	 */
	@Test
	void nothingIsPassedWhileTheAcceptorDoesNotCome() throws Exception {
		try (SocketChannel client = SocketChannel.open(this.listening.getLocalAddress());
				SocketChannel accepting = this.listening.accept()) {
			passToNobody(accepting);
			assertThat(this.primary.gates).containsExactly(true, false);
			CompletableFuture<SocketChannel> accepted = CompletableFuture.supplyAsync(this.socket::accept);
			Awaitility.await()
				.atMost(PlayedPrimary.DEADLINE)
				.untilAsserted(() -> assertThat(this.primary.gates).containsExactly(true, false, true));
			this.socket.pass(2, descriptorOf(accepting));
			try (SocketChannel connection = accepted.get(3, TimeUnit.MINUTES)) {
				assertThat(connection.getRemoteAddress()).isEqualTo(client.getLocalAddress());
			}
		}
	}

	@Test
	void aGateThatIsShutStaysShutWhenTheAcceptorComesBack() throws Exception {
		try (SocketChannel client = SocketChannel.open(this.listening.getLocalAddress());
				SocketChannel accepting = this.listening.accept()) {
			passToNobody(accepting);
			this.socket.shut();
			this.socket.wakeup();
			assertThat(this.socket.accept()).isNull();
			assertThat(this.primary.gates).containsExactly(true, false, false);
			assertThat(client.isOpen()).isTrue();
		}
	}

	private void passToNobody(SocketChannel accepting) throws Exception {
		this.socket.pass(1, descriptorOf(accepting));
		Awaitility.await()
			.atMost(PlayedPrimary.DEADLINE)
			.untilAsserted(() -> assertThat(this.primary.declined).containsExactly(1L));
	}

	private static FileDescriptor descriptorOf(SocketChannel channel) throws Exception {
		Field field = Class.forName("sun.nio.ch.SocketChannelImpl").getDeclaredField("fd");
		field.setAccessible(true);
		return Descriptors.duplicate((FileDescriptor) field.get(channel));
	}

	private static final class Recorder implements PassedServerSocket.Primary {

		private final List<Long> taken = new CopyOnWriteArrayList<>();

		private final List<Long> declined = new CopyOnWriteArrayList<>();

		private final List<Boolean> gates = new CopyOnWriteArrayList<>();

		@Override
		public void gate(ListenAddress address, boolean open) {
			this.gates.add(open);
		}

		@Override
		public boolean taken(long number) {
			this.taken.add(number);
			return true;
		}

		@Override
		public void declined(long number) {
			this.declined.add(number);
		}

		@Override
		public void lastCall(ListenAddress address, Duration atMost) {
		}

	}

}
