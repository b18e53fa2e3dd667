package io.clusterboot.protocol;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Link} and {@link FrameCodec}, over real sockets.
 */
class LinkTests {

	private static final WorkerLoad LOAD = new WorkerLoad(1, 2, Duration.ofMillis(3), 4, 5, 6, 7, 8, 0.5, 9, 1.5);

	private static final MemberDescription MEMBER = new MemberDescription(1, 0, 4711, WorkerState.READY);

	@TempDir
	private Path directory;

	private AFUNIXSocket worker;

	private AFUNIXSocket primary;

	private final Inbox inbox = new Inbox();

	@BeforeEach
	void connect() throws IOException {
		AFUNIXSocketAddress address = AFUNIXSocketAddress.of(this.directory.resolve("s"));
		try (AFUNIXServerSocket server = AFUNIXServerSocket.bindOn(address)) {
			this.worker = AFUNIXSocket.connectTo(address);
			this.primary = server.accept();
		}
	}

	@AfterEach
	void close() throws IOException {
		this.worker.close();
		this.primary.close();
	}

	@Test
	void everyMessageArrivesInOrderAsItWasSent() throws Exception {
		ListenAddress address = new ListenAddress("*", 8080, 1);
		List<Message> messages = List.of(new FromWorker.Listen(1, address),
				new FromWorker.Bound(address, "127.0.0.1", 8080), new FromWorker.BindFailed(address),
				new FromWorker.StateChanged(WorkerState.REFUSING), new FromWorker.Heartbeat(LOAD),
				new FromWorker.RequestStuck(Duration.ofMillis(1500)), new FromWorker.LeaveRequested(2, null),
				new FromWorker.Describe(3), new FromPrimary.Bind(4, false), new FromPrimary.Handle(5, 8080, true),
				new FromPrimary.Granted(6), new FromPrimary.Availability(true),
				new FromPrimary.Disconnect(Duration.ofSeconds(5), true), new FromWorker.Acquire(7, "a"),
				new FromWorker.Release(7, "a"), new FromWorker.Completed(7, "a"),
				new FromPrimary.Permitted(7, Verdict.REFUSED), new FromPrimary.Appointed(3),
				new FromPrimary.Members(List.of(MEMBER)), new FromPrimary.Happened(new Occurrence.Online(MEMBER)),
				new FromPrimary.Happened(new Occurrence.Exited(MEMBER, 137, "SIGKILL")),
				new FromPrimary.Happened(new Occurrence.Exited(MEMBER, 0, null)),
				new FromPrimary.Happened(new Occurrence.ReloadFinished(ReloadDescription.none(0))),
				new FromPrimary.Happened(new Occurrence.Scaled(1, 2)));
		try (Link sender = link(this.worker, new Inbox()); Link receiver = link(this.primary, this.inbox)) {
			messages.forEach((message) -> assertThat(sender.send(message)).isTrue());
			for (Message message : messages) {
				assertThat(this.inbox.next()).isEqualTo(message);
			}
			assertThat(receiver).isNotNull();
		}
	}

	/**
	 * Both sides send while both wait for something to read.
	 */
	@Test
	void withoutDescriptorsTheSameGoesOverASocketOfTheJdks() throws Exception {
		UnixDomainSocketAddress address = UnixDomainSocketAddress.of(this.directory.resolve("plain"));
		Inbox other = new Inbox();
		try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
				Link one = new Link("one", new PlainSocket(SocketChannel.open(address)), this.inbox);
				Link two = new Link("two", new PlainSocket(server.accept()), other)) {
			one.start();
			two.start();
			for (int i = 0; i < 100; i++) {
				one.send(new FromWorker.Describe(i));
				two.post(new Envelope.Cancel(1, 2, i), new byte[i * 100]);
				assertThat(other.next()).isEqualTo(new FromWorker.Describe(i));
				assertThat(this.inbox.next()).isEqualTo(new Envelope.Cancel(1, 2, i));
				assertThat(this.inbox.payloads.take()).hasSize(i * 100);
			}
		}
		assertThat(other.closed.get(3, TimeUnit.MINUTES)).isEmpty();
	}

	@Test
	void envelopesKeepTheirOrderAndTheirPayload() throws Exception {
		try (Link sender = link(this.worker, new Inbox()); Link receiver = link(this.primary, this.inbox)) {
			for (int i = 0; i < 100; i++) {
				assertThat(sender.post(new Envelope.Cancel(1, 2, i), new byte[i * 100])).isTrue();
			}
			for (int i = 0; i < 100; i++) {
				assertThat(this.inbox.next()).isEqualTo(new Envelope.Cancel(1, 2, i));
				assertThat(this.inbox.payloads.take()).hasSize(i * 100);
			}
			assertThat(receiver).isNotNull();
		}
	}

	@Test
	void whatControlsTheClusterGoesFirst() throws Exception {
		Link sender = new Link("test", new DescriptorSocket(this.worker), new Inbox());
		sender.post(new Envelope.Cancel(1, 2, 3), new byte[0]);
		sender.send(new FromWorker.Describe(1));
		sender.start();
		link(this.primary, this.inbox);
		assertThat(this.inbox.next()).isEqualTo(new FromWorker.Describe(1));
		assertThat(this.inbox.next()).isEqualTo(new Envelope.Cancel(1, 2, 3));
	}

	@Test
	void whatAPeerDoesNotReadIsQueued() throws Exception {
		try (Link sender = link(this.worker, new Inbox())) {
			assertThat(sender.queued()).isZero();
			for (int i = 0; i < 8; i++) {
				sender.post(new Envelope.Cancel(1, 2, i), new byte[1024 * 1024]);
			}
			assertThat(sender.queued()).isPositive();
			link(this.primary, this.inbox);
			await().until(() -> sender.queued() == 0);
		}
	}

	@Test
	void aDescriptorArrivesWithItsMessageAndOutlivesTheLink() throws Exception {
		Path file = Files.writeString(this.directory.resolve("file"), "content");
		FileDescriptor received;
		try (Link sender = link(this.worker, new Inbox());
				Link receiver = link(this.primary, this.inbox);
				RandomAccessFile sent = new RandomAccessFile(file.toFile(), "r")) {
			sender.send(new FromWorker.Describe(1));
			sender.send(new FromPrimary.Handle(2, 80, false), sent.getFD());
			sender.send(new FromWorker.Describe(3));
			this.inbox.next();
			this.inbox.next();
			received = this.inbox.descriptors.get(0);
			assertThat(this.inbox.next()).isEqualTo(new FromWorker.Describe(3));
			assertThat(this.inbox.descriptors).hasSize(1);
			assertThat(receiver).isNotNull();
		}
		try (FileInputStream in = new FileInputStream(received)) {
			assertThat(in.readAllBytes()).asString().isEqualTo("content");
		}
	}

	@Test
	void descriptorsDoNotLeak() throws Exception {
		Path file = Files.writeString(this.directory.resolve("file"), "content");
		try (Link sender = link(this.worker, new Inbox());
				Link receiver = link(this.primary, this.inbox);
				RandomAccessFile sent = new RandomAccessFile(file.toFile(), "r")) {
			long before = openDescriptors();
			for (int i = 0; i < 200; i++) {
				sender.send(new FromPrimary.Handle(i, 80, false), sent.getFD());
				this.inbox.next();
				this.inbox.descriptors.forEach(Descriptors::close);
				this.inbox.descriptors.clear();
			}
			assertThat(openDescriptors()).isEqualTo(before);
			assertThat(receiver).isNotNull();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	@EnabledOnOs(OS.LINUX)
	void aLinkLeavesNoDescriptorBehind(boolean lostByWriting) throws Exception {
		long before = openDescriptors();
		Link link = new Link("test", new DescriptorSocket(this.primary), this.inbox);
		assertThat(openDescriptors()).isGreaterThan(before);
		if (lostByWriting) {
			this.worker.close();
			link.send(new FromPrimary.Connection(1, new ListenAddress("*", 8080, 0), null));
			link.start();
			this.inbox.closed.get(3, TimeUnit.MINUTES);
		}
		link.close();
		await().untilAsserted(() -> assertThat(openDescriptors()).isEqualTo(before - (lostByWriting ? 2 : 1)));
	}

	/**
	 * With one descriptor left, the kernel delivers, and the descriptor cannot be
	 * duplicated.
	 */
	@ParameterizedTest
	@ValueSource(ints = { 0, 1 })
	@EnabledOnOs(OS.LINUX)
	void aConnectionThatThereIsNoRoomForArrivesWithoutItsDescriptor(int left) throws Exception {
		Path file = Files.writeString(this.directory.resolve("file"), "content");
		FromWorker.HandOver offer = new FromWorker.HandOver(1, new ListenAddress("*", 8080, 0),
				new KeptConnection("127.0.0.1", 42, 1000));
		try (Link sender = link(this.worker, new Inbox());
				Link receiver = link(this.primary, this.inbox);
				RandomAccessFile sent = new RandomAccessFile(file.toFile(), "r")) {
			sender.send(offer, sent.getFD());
			assertThat(this.inbox.next()).isEqualTo(offer);
			this.inbox.descriptors.forEach(Descriptors::close);
			this.inbox.descriptors.clear();
			long before = openDescriptors();
			try (ScarceDescriptors scarce = ScarceDescriptors.leave(left)) {
				for (int i = 0; i < 3; i++) {
					sender.send(offer, sent.getFD());
					assertThat(this.inbox.next()).isEqualTo(offer);
				}
				sender.send(new FromWorker.Describe(2));
				assertThat(this.inbox.next()).isEqualTo(new FromWorker.Describe(2));
				assertThat(this.inbox.descriptors).isEmpty();
				assertThat(scarce).isNotNull();
			}
			// those of the helping process are closed when that has exited
			await().untilAsserted(() -> assertThat(openDescriptors()).isEqualTo(before));
			sender.send(offer, sent.getFD());
			assertThat(this.inbox.next()).isEqualTo(offer);
			assertThat(this.inbox.descriptors).hasSize(1);
			assertThat(receiver).isNotNull();
		}
		try (FileInputStream in = new FileInputStream(this.inbox.descriptors.get(0))) {
			assertThat(in.readAllBytes()).asString().isEqualTo("content");
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void anythingElseThatThereIsNoRoomForEndsTheLink() throws Exception {
		Path file = Files.writeString(this.directory.resolve("file"), "content");
		try (Link sender = link(this.worker, new Inbox());
				Link receiver = link(this.primary, this.inbox);
				RandomAccessFile sent = new RandomAccessFile(file.toFile(), "r")) {
			sender.send(new FromWorker.Describe(1));
			this.inbox.next();
			try (ScarceDescriptors scarce = ScarceDescriptors.leave(0)) {
				sender.send(new FromPrimary.Handle(2, 80, false), sent.getFD());
				assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).contains("no room for more");
				assertThat(scarce).isNotNull();
			}
			assertThat(this.inbox.messages).isEmpty();
			assertThat(receiver).isNotNull();
		}
	}

	/**
	 * 253 is what the kernel sends at the most, and 60 what junixsocket has room for.
	 */
	@ParameterizedTest
	@CsvSource({ "0, 1", "0, 60", "0, 61", "0, 253", "1, 2", "1, 60", "1, 61", "1, 253" })
	@EnabledOnOs(OS.LINUX)
	void descriptorsThatAreNotPromisedEndTheLinkAndDoNotStayOpen(int promised, int sent) throws Exception {
		assertRefusesDescriptors(
				new FromWorker.HandOver(1, new ListenAddress("*", 8080, 0), new KeptConnection("127.0.0.1", 42, 1000)),
				promised, sent);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void noMessageMayPromiseMoreThanOneDescriptor() throws Exception {
		assertRefusesDescriptors(new FromWorker.Bound(new ListenAddress("*", 8080, 0), "*", 8080), 2, 2);
	}

	/**
	 * The kernel installs those that there is room for.
	 */
	@Test
	@EnabledOnOs(OS.LINUX)
	void someOfManyDescriptorsDoNotTakeTheLastOnesOfTheProcess() throws Exception {
		try (ScarceDescriptors scarce = ScarceDescriptors.leave(5)) {
			assertThat(scarce).isNotNull();
			assertRefusesDescriptors(new FromWorker.Describe(1), 0, 20);
		}
	}

	private void assertRefusesDescriptors(Message message, int promised, int sent) throws Exception {
		long before = openDescriptors();
		FileDescriptor[] descriptors = new FileDescriptor[sent];
		Arrays.fill(descriptors, this.worker.getFileDescriptor());
		link(this.primary, this.inbox);
		this.worker.setOutboundFileDescriptors(descriptors);
		this.worker.getOutputStream().write(FrameCodec.encode(message, promised));
		assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).contains("descriptors");
		assertThat(this.inbox.messages).isEmpty();
		await().untilAsserted(() -> assertThat(openDescriptors()).isEqualTo(before - 1));
	}

	@Test
	void aFrameIsReadWithAndWithoutItsFirstByte() throws Exception {
		link(this.primary, this.inbox);
		OutputStream out = this.worker.getOutputStream();
		byte[] frame = FrameCodec.encode(new FromWorker.Describe(1), 0);
		out.write(frame);
		out.write(frame, 1, frame.length - 1);
		out.write(FrameCodec.encode(new FromWorker.Describe(2), 0));
		assertThat(this.inbox.next()).isEqualTo(new FromWorker.Describe(1));
		assertThat(this.inbox.next()).isEqualTo(new FromWorker.Describe(1));
		assertThat(this.inbox.next()).isEqualTo(new FromWorker.Describe(2));
	}

	@Test
	void whatThePeerSaidBeforeItDiedIsReadAlthoughNothingCanBeWrittenToIt() throws Exception {
		link(this.worker, new Inbox()).sendAndWait(new FromWorker.Describe(1));
		this.worker.close();
		Link link = new Link("test", new DescriptorSocket(this.primary), this.inbox);
		link.send(new FromPrimary.Connection(1, new ListenAddress("*", 8080, 0), null));
		link.start();
		assertThat(this.inbox.next()).isEqualTo(new FromWorker.Describe(1));
		assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).isEmpty();
		assertThat(link.sendAndWait(new FromPrimary.Granted(2))).isFalse();
	}

	@Test
	void theOtherSideIsToldThatALinkIsClosed() throws Exception {
		Link sender = link(this.worker, new Inbox());
		link(this.primary, this.inbox);
		sender.close();
		assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).isEmpty();
		assertThat(sender.send(new FromWorker.Describe(1))).isFalse();
		assertThat(sender.post(new Envelope.Cancel(1, 2, 3), new byte[0])).isFalse();
	}

	@Test
	void garbageEndsTheLink() throws Exception {
		assertEndsLink("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
				"over the limit");
	}

	@Test
	void anOversizedFrameEndsTheLinkWithoutBeingRead() throws Exception {
		assertEndsLink(ByteBuffer.allocate(10).put((byte) 0xff).putInt(Integer.MAX_VALUE).array(), "over the limit");
	}

	@Test
	void anUnknownMessageEndsTheLink() throws Exception {
		assertEndsLink(frame("{\"@type\":\"Reboot\"}"), "not a message");
	}

	@Test
	void aMessageThatIsNoJsonEndsTheLink() throws Exception {
		assertEndsLink(frame("{"), "not a message");
	}

	@Test
	void aPromisedDescriptorThatIsMissingEndsTheLink() throws Exception {
		byte[] frame = FrameCodec.encode(new FromPrimary.Handle(1, 80, false), 1);
		assertEndsLink(frame, "promises 1 descriptors");
	}

	@Test
	void aTruncatedFrameEndsTheLink() throws Exception {
		byte[] frame = FrameCodec.encode(new FromWorker.Describe(1), 0);
		link(this.primary, this.inbox);
		OutputStream out = this.worker.getOutputStream();
		out.write(frame, 0, frame.length - 1);
		this.worker.close();
		assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).contains("middle of a frame");
	}

	@Test
	void aPeerThatDoesNotReadLosesTheLinkInsteadOfHoldingUpTheSender() throws Exception {
		Link sender = link(this.worker, this.inbox);
		Message large = new FromWorker.LeaveRequested(1, "x".repeat(100_000));
		int sent = 0;
		while (sent < 100_000 && sender.send(large)) {
			sent++;
		}
		assertThat(sent).isLessThan(2_000);
		assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).contains("does not read");
	}

	/**
	 * What is written by the thread that sends it must not overtake what waits, nor get
	 * into the middle of it.
	 */
	@Test
	void messagesKeepTheirOrderWhicheverThreadWritesThem() throws Exception {
		Inbox answers = new Inbox();
		ListenAddress address = new ListenAddress("*", 8080, 0);
		try (Link sender = link(this.primary, answers); Link receiver = link(this.worker, this.inbox)) {
			for (int i = 0; i < 1000; i++) {
				sender.post(new Envelope.Cancel(1, 2, i), new byte[10_000]);
				sender.send(new FromPrimary.Granted(i));
				sender.send(new FromPrimary.Connection(i, address, null));
				assertThat(nextControl()).isEqualTo(new FromPrimary.Granted(i));
				assertThat(nextControl()).isEqualTo(new FromPrimary.Connection(i, address, null));
				assertThat(receiver.sendAndWait(new FromWorker.ConnectionTaken(i, Busyness.NONE))).isTrue();
				assertThat(answers.next()).isEqualTo(new FromWorker.ConnectionTaken(i, Busyness.NONE));
			}
		}
	}

	private Message nextControl() throws InterruptedException {
		Message message = this.inbox.next();
		while (message instanceof Envelope) {
			message = this.inbox.next();
		}
		return message;
	}

	@Test
	@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
	void nobodyWaitsForAPeerThatDoesNotRead() throws Exception {
		Link sender = link(this.worker, this.inbox);
		int sent = 0;
		while (sent < 100_000 && sender.send(new FromWorker.Describe(sent))) {
			sent++;
		}
		assertThat(sent).isBetween(1024, 99_999);
		assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).contains("does not read");
	}

	@Test
	@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
	void whoWaitsForAPeerThatDoesNotReadWaitsUntilTheLinkIsClosed() throws Exception {
		Link sender = link(this.worker, this.inbox);
		AtomicInteger left = new AtomicInteger();
		CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
			while (sender.sendAndWait(new FromWorker.Describe(1))) {
				left.incrementAndGet();
			}
		});
		AtomicInteger before = new AtomicInteger();
		await().pollInterval(Duration.ofMillis(200))
			.until(() -> left.get() > 0 && before.getAndSet(left.get()) == left.get());
		assertThat(waiting).isNotDone();
		sender.close();
		waiting.get(3, TimeUnit.MINUTES);
		assertThat(sender.sendAndWait(new FromWorker.Describe(2))).isFalse();
	}

	private void assertEndsLink(byte[] bytes, String cause) throws Exception {
		link(this.primary, this.inbox);
		this.worker.getOutputStream().write(bytes);
		assertThat(this.inbox.closed.get(3, TimeUnit.MINUTES)).contains(cause);
		assertThat(this.inbox.messages).isEmpty();
		assertThat(endOfStream(this.worker)).isTrue();
	}

	/**
	 * A socket that is closed with unread bytes resets the connection.
	 */
	private static boolean endOfStream(AFUNIXSocket socket) throws IOException {
		try {
			return socket.getInputStream().read() == -1;
		}
		catch (SocketException ex) {
			return true;
		}
	}

	private static byte[] frame(String json) {
		byte[] content = json.getBytes(StandardCharsets.UTF_8);
		return ByteBuffer.allocate(10 + content.length)
			.put((byte) 0xff)
			.putInt(content.length)
			.put((byte) 0)
			.putInt(0)
			.put(content)
			.array();
	}

	private static long openDescriptors() throws IOException {
		try (var descriptors = Files.list(Path.of("/dev/fd/"))) {
			return descriptors.count();
		}
	}

	private static Link link(AFUNIXSocket socket, Inbox inbox) throws IOException {
		Link link = new Link("test", new DescriptorSocket(socket), inbox);
		link.start();
		return link;
	}

	private static final class Inbox implements Link.Receiver {

		private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();

		private final List<FileDescriptor> descriptors = new CopyOnWriteArrayList<>();

		private final BlockingQueue<byte[]> payloads = new LinkedBlockingQueue<>();

		private final CompletableFuture<String> closed = new CompletableFuture<>();

		@Override
		public void received(Message message, List<FileDescriptor> received) {
			this.descriptors.addAll(received);
			this.messages.add(message);
		}

		@Override
		public void received(Envelope envelope, byte[] payload) {
			this.payloads.add(payload);
			this.messages.add(envelope);
		}

		@Override
		public void linkClosed(@Nullable IOException cause) {
			this.closed.complete((cause != null) ? String.valueOf(cause.getMessage()) : "");
		}

		Message next() throws InterruptedException {
			Message message = this.messages.poll(3, TimeUnit.MINUTES);
			assertThat(message).isNotNull();
			return message;
		}

	}

}
