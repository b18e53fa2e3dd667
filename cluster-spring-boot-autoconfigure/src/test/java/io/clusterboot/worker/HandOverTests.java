package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.ListenAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HandOver} with real connections, in one process.
 */
class HandOverTests {

	private static final ListenAddress ADDRESS = new ListenAddress("*", 8080, 0);

	private static final KeptConnection KEPT = new KeptConnection("127.0.0.1", 42, 1000);

	private final Recorder primary = new Recorder();

	private final List<Runnable> begun = new ArrayList<>();

	private final HandOver handOver = new HandOver(ADDRESS, this.primary, this.begun::add);

	private final Server server = new Server();

	private SocketChannel client;

	private SocketChannel connection;

	@BeforeEach
	void connect() throws IOException {
		try (ServerSocketChannel listening = ServerSocketChannel.open()) {
			listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
			this.client = SocketChannel.open(listening.getLocalAddress());
			this.connection = listening.accept();
		}
	}

	@AfterEach
	void close() throws IOException {
		this.client.close();
		this.connection.close();
		for (SocketChannel adopted : this.server.adopted) {
			adopted.close();
		}
	}

	private FileDescriptor passed() throws IOException {
		return Descriptors.duplicate(JdkChannels.descriptor(this.connection));
	}

	@Test
	void othersAreToldOnlyOfAServerThatTakesConnectionsOver() {
		this.handOver.open();
		assertThat(this.primary.takesOver).isEmpty();
		this.handOver.adoptWith(this.server);
		this.handOver.open();
		this.handOver.shut();
		this.handOver.shut();
		assertThat(this.primary.takesOver).containsExactly(true, false);
	}

	@Test
	void aConnectionIsTakenBeforeItIsServed() throws Exception {
		this.handOver.adoptWith(this.server);
		this.handOver.open();
		this.client.write(ByteBuffer.wrap(new byte[] { 42 }));
		this.handOver.receive(7, KEPT, passed());
		assertThat(this.primary.taken).as("on the thread that reads the link").isEmpty();
		this.server.takenBefore = this.primary.taken;
		this.begun.remove(0).run();
		SocketChannel adopted = this.server.adopted.get(0);
		this.connection.close();
		ByteBuffer read = ByteBuffer.allocate(1);
		assertThat(adopted.read(read)).isEqualTo(1);
		assertThat(read.get(0)).isEqualTo((byte) 42);
		assertThat(adopted.getRemoteAddress()).isEqualTo(this.client.getLocalAddress());
		assertThat(this.server.kept).isEqualTo(KEPT);
	}

	@Test
	void whatThereIsNoRoomForIsDeclined() throws Exception {
		this.handOver.adoptWith(this.server);
		this.handOver.open();
		this.server.room = false;
		FileDescriptor descriptor = passed();
		this.handOver.receive(7, KEPT, descriptor);
		this.begun.remove(0).run();
		assertDeclined(descriptor);
	}

	/**
	 * The primary gives it to somebody else.
	 */
	@Test
	void whatCannotBeTakenIsNotServed() throws Exception {
		this.handOver.adoptWith(this.server);
		this.handOver.open();
		this.primary.reachable = false;
		FileDescriptor descriptor = passed();
		this.handOver.receive(7, KEPT, descriptor);
		this.begun.remove(0).run();
		assertThat(this.server.adopted).isEmpty();
		assertThat(this.server.reserved).isZero();
		assertThat(descriptor.valid()).as("the copy is closed").isFalse();
		assertThat(this.connection.isConnected()).isTrue();
	}

	@Test
	void whatComesThroughAShutGateIsDeclined() throws Exception {
		this.handOver.adoptWith(this.server);
		assertDeclined();
		this.handOver.open();
		this.handOver.shut();
		assertDeclined();
	}

	private void assertDeclined() throws IOException {
		FileDescriptor descriptor = passed();
		this.handOver.receive(7, KEPT, descriptor);
		assertDeclined(descriptor);
	}

	private void assertDeclined(FileDescriptor descriptor) {
		assertThat(this.primary.declined).contains(7L);
		assertThat(descriptor.valid()).as("the copy is closed").isFalse();
		assertThat(this.begun).isEmpty();
		assertThat(this.connection.isConnected()).isTrue();
	}

	@Test
	void aGateIsShutWhenTheServerKnowsAllConnections() throws Exception {
		CountDownLatch begin = new CountDownLatch(1);
		Executor thread = (task) -> CompletableFuture.runAsync(() -> {
			await(begin);
			task.run();
		});
		HandOver handOver = new HandOver(ADDRESS, this.primary, thread);
		handOver.adoptWith(this.server);
		handOver.open();
		handOver.receive(7, KEPT, passed());
		CompletableFuture<Void> shut = CompletableFuture.runAsync(() -> {
			handOver.shut();
			assertThat(this.server.adopted).hasSize(1);
		});
		assertThat(shut).isNotDone();
		begin.countDown();
		shut.get(3, TimeUnit.MINUTES);
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await(3, TimeUnit.MINUTES);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Test
	void whatIsGivenStaysOpenUntilItIsDecided() throws Exception {
		CompletableFuture<Boolean> given = this.handOver.give(this.connection, KEPT);
		assertThat(given).isNotDone();
		assertThat(this.primary.given).containsExactly(JdkChannels.descriptor(this.connection));
		assertThat(this.connection.isOpen()).isTrue();
	}

	private static final class Server implements ConnectionAdopter {

		private final List<SocketChannel> adopted = new CopyOnWriteArrayList<>();

		private boolean room = true;

		private int reserved;

		private KeptConnection kept;

		private List<Long> takenBefore = List.of(7L);

		@Override
		public boolean reserve() {
			this.reserved += this.room ? 1 : 0;
			return this.room;
		}

		@Override
		public void release() {
			this.reserved--;
		}

		@Override
		public void adopt(SocketChannel connection, KeptConnection kept) {
			assertThat(this.takenBefore).containsExactly(7L);
			this.adopted.add(connection);
			this.kept = kept;
		}

	}

	static final class Recorder implements HandOver.Primary {

		private final List<Boolean> takesOver = new ArrayList<>();

		private final List<Long> taken = new CopyOnWriteArrayList<>();

		private final List<Long> declined = new ArrayList<>();

		private final List<FileDescriptor> given = new ArrayList<>();

		private boolean reachable = true;

		@Override
		public void takesOver(ListenAddress address, boolean open) {
			this.takesOver.add(open);
		}

		@Override
		public CompletableFuture<Boolean> handOver(ListenAddress address, KeptConnection kept,
				FileDescriptor descriptor) {
			this.given.add(descriptor);
			return new CompletableFuture<>();
		}

		@Override
		public boolean taken(long number) {
			this.taken.add(number);
			return this.reachable;
		}

		@Override
		public void declined(long number) {
			this.declined.add(number);
		}

	}

}
