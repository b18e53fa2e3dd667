package io.clusterboot.primary;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.LinkSocket;
import io.clusterboot.protocol.PlainSocket;
import io.clusterboot.protocol.Ticket;
import io.clusterboot.protocol.WorkerIdentity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link TicketLinkServer} and {@link Ticket}, over real sockets.
 */
@DisabledOnOs(OS.WINDOWS)
class TicketLinkServerTests {

	private static final String GARBAGE = "x".repeat(64);

	/** Far beyond what anything takes on a busy machine. */
	private static final long LIMIT = 180;

	@TempDir
	private Path directory;

	private Path path;

	private WorkerIdentity worker;

	private LinkServer server;

	private final BlockingQueue<Admitted> admitted = new LinkedBlockingQueue<>();

	@BeforeEach
	void start() throws IOException {
		this.path = this.directory.resolve("s");
		this.worker = new WorkerIdentity(7, 0, 1, 0, this.path, PortSharing.REUSE_PORT);
		this.server = LinkServer.bind(this.path, PortSharing.REUSE_PORT);
		this.server.start((socket, caller) -> this.admitted.add(new Admitted(socket, caller)));
	}

	@AfterEach
	void stop() {
		this.server.close();
		this.admitted.forEach((one) -> LinkServer.close(one.socket()));
	}

	@Test
	void theHolderOfATicketIsTheWorkerForWhichItWasLeft() throws Exception {
		this.server.expect(new WorkerIdentity(6, 1, 2, 0, this.path, PortSharing.REUSE_PORT));
		this.server.expect(this.worker);
		try (LinkSocket own = PlainSocket.connect(this.path, Ticket.take(this.worker))) {
			Admitted one = this.admitted.poll(LIMIT, TimeUnit.SECONDS);
			assertThat(one.caller()).isEqualTo(new Caller.TicketHolder(7));
			// nothing of what follows the ticket is lost
			own.write("hello".getBytes(StandardCharsets.US_ASCII), List.of());
			assertThat(one.socket().input().readNBytes(5)).asString().isEqualTo("hello");
		}
	}

	@Test
	void aTicketIsForTheUserOnlyAndGoneOnceItIsTaken() throws IOException {
		this.server.expect(this.worker);
		Path file = this.directory.resolve("ticket-1");
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(this.path))).isEqualTo("rw-------");
		Ticket.take(this.worker);
		assertThat(file).doesNotExist();
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> Ticket.take(this.worker));
	}

	@Test
	void aTicketIsGoodForOneConnection() throws Exception {
		this.server.expect(this.worker);
		Ticket ticket = Ticket.take(this.worker);
		try (LinkSocket own = PlainSocket.connect(this.path, ticket)) {
			assertThat(this.admitted.poll(LIMIT, TimeUnit.SECONDS)).isNotNull();
			assertThat(own).isNotNull();
		}
		try (LinkSocket copy = PlainSocket.connect(this.path, ticket)) {
			assertThat(CompletableFuture.supplyAsync(() -> isEnded(copy)).get(LIMIT, TimeUnit.SECONDS)).isTrue();
			assertThat(this.admitted).isEmpty();
		}
	}

	@Test
	void theNextWorkerAtTheSameSeatVoidsATicketThatWasNotTaken() throws Exception {
		this.server.expect(this.worker);
		Ticket former = Ticket.take(this.worker);
		this.server.expect(new WorkerIdentity(8, 0, 1, 0, this.path, PortSharing.REUSE_PORT));
		try (LinkSocket own = PlainSocket.connect(this.path, former)) {
			assertThat(CompletableFuture.supplyAsync(() -> isEnded(own)).get(LIMIT, TimeUnit.SECONDS)).isTrue();
			assertThat(this.admitted).isEmpty();
		}
	}

	@Test
	void whoeverShowsNoTicketIsTurnedAwayAndHoldsNobodyUp() throws Exception {
		restart(Duration.ofMinutes(10));
		this.server.expect(this.worker);
		try (SocketChannel silent = connect(""); SocketChannel stranger = connect(GARBAGE)) {
			assertThat(CompletableFuture.supplyAsync(() -> isEnded(new PlainSocket(stranger)))
				.get(LIMIT, TimeUnit.SECONDS)).isTrue();
			try (LinkSocket own = PlainSocket.connect(this.path, Ticket.take(this.worker))) {
				assertThat(this.admitted.poll(LIMIT, TimeUnit.SECONDS)).isNotNull();
				assertThat(own).isNotNull();
			}
			silent.configureBlocking(false);
			assertThat(silent.read(ByteBuffer.allocate(1))).as("nothing said, and not ended").isZero();
			assertThat(this.admitted).isEmpty();
		}
	}

	@Test
	void whoeverShowsNothingIsNotWaitedForForever() throws Exception {
		try (SocketChannel silent = connect(GARBAGE.substring(1))) {
			assertThatExceptionOfType(IOException.class).isThrownBy(() -> Ticket.read(silent, Duration.ofMillis(100)))
				.withMessageContaining("none came within 100 ms");
		}
	}

	private void restart(Duration patience) throws IOException {
		this.server.close();
		Files.deleteIfExists(this.path);
		this.server = new TicketLinkServer(this.path, patience);
		this.server.start((socket, caller) -> this.admitted.add(new Admitted(socket, caller)));
	}

	private SocketChannel connect(String said) throws IOException {
		SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(this.path));
		channel.write(ByteBuffer.wrap(said.getBytes(StandardCharsets.US_ASCII)));
		return channel;
	}

	private static boolean isEnded(LinkSocket socket) {
		try {
			return socket.input().read() < 0;
		}
		catch (IOException ex) {
			return true;
		}
	}

	private record Admitted(LinkSocket socket, Caller caller) {
	}

}
