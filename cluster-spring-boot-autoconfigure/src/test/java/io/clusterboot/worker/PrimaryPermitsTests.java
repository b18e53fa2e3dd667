package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.DescriptorSocket;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.Verdict;
import io.clusterboot.protocol.WorkerIdentity;
import io.clusterboot.worker.Permits.Permit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link PrimaryPermits}, over a real link.
 */
class PrimaryPermitsTests {

	@TempDir
	private Path directory;

	private final Primary primary = new Primary();

	private PrimaryLink worker;

	@BeforeEach
	void connect() throws IOException {
		Path socket = this.directory.resolve("s");
		try (AFUNIXServerSocket server = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(socket))) {
			this.worker = PrimaryLink.connect(new WorkerIdentity(1, 0, 1, 0, socket, PortSharing.HANDLES),
					new NoOrders());
			this.primary.link = new Link("worker", new DescriptorSocket(server.accept()), this.primary);
		}
		this.primary.link.start();
		this.worker.start();
	}

	@AfterEach
	void close() {
		this.primary.link.close();
	}

	@Test
	void aPermitIsGivenBackByItsNumber() throws Exception {
		this.primary.verdict = Verdict.GRANTED;
		PrimaryPermits permits = permits(Duration.ofMinutes(1));
		Permit first = permits.acquire("a");
		Permit second = permits.acquire("b");
		assertThat(first.verdict()).isEqualTo(Verdict.GRANTED);
		assertThat(this.primary.next()).isEqualTo(new FromWorker.Acquire(1, "a"));
		assertThat(this.primary.next()).isEqualTo(new FromWorker.Acquire(2, "b"));
		assertThat(permits.held()).isEqualTo(2);
		second.complete();
		first.release();
		assertThat(permits.held()).isZero();
		assertThat(this.primary.next()).isEqualTo(new FromWorker.Completed(2, "b"));
		assertThat(this.primary.next()).isEqualTo(new FromWorker.Release(1, "a"));
	}

	@Test
	void whatIsRefusedIsNotHeld() throws Exception {
		this.primary.verdict = Verdict.REFUSED;
		PrimaryPermits permits = permits(Duration.ofMinutes(1));
		assertThat(permits.acquire("a").verdict()).isEqualTo(Verdict.REFUSED);
		assertThat(permits.held()).isZero();
	}

	@Test
	void whatMayHaveBeenGrantedTooLateIsGivenBack() throws Exception {
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> permits(Duration.ofMillis(50)).acquire("a"))
			.withMessageContaining("did not answer within 50 ms");
		assertThat(this.primary.next()).isEqualTo(new FromWorker.Acquire(1, "a"));
		assertThat(this.primary.next()).isEqualTo(new FromWorker.Release(1, "a"));
	}

	private PrimaryPermits permits(Duration timeout) {
		return new PrimaryPermits(this.worker, new LeaderRole(), timeout);
	}

	private static final class Primary implements Link.Receiver {

		private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();

		private Link link;

		private volatile @Nullable Verdict verdict;

		private Message next() throws InterruptedException {
			return this.received.poll(3, TimeUnit.MINUTES);
		}

		@Override
		public void received(Message message, List<FileDescriptor> descriptors) {
			this.received.add(message);
			Verdict verdict = this.verdict;
			if (message instanceof FromWorker.Acquire acquire && verdict != null) {
				this.link.send(new FromPrimary.Permitted(acquire.exchange(), verdict));
			}
		}

		@Override
		public void received(Envelope envelope, byte[] payload) {
		}

		@Override
		public void linkClosed(@Nullable IOException cause) {
		}

	}

	private static final class NoOrders implements PrimaryLink.Orders {

		@Override
		public void connection(FromPrimary.Connection connection, FileDescriptor descriptor) {
		}

		@Override
		public void availability(FromPrimary.Availability availability) {
		}

		@Override
		public void rebalance(FromPrimary.Rebalance order) {
		}

		@Override
		public void disconnect(FromPrimary.Disconnect order) {
		}

		@Override
		public void news(FromPrimary.News news) {
		}

		@Override
		public void received(Envelope envelope, byte[] payload) {
		}

		@Override
		public void primaryLost() {
		}

	}

}
