package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.DescriptorSocket;
import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.Link;
import io.clusterboot.protocol.ListenAddress;
import io.clusterboot.protocol.Message;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PassingPrimary}, over a real link.
 */
class PassingPrimaryTests {

	private static final Busyness BUSY = new Busyness(5, 5, 0.5);

	private final BlockingQueue<Message> said = new LinkedBlockingQueue<>();

	private volatile Busyness busyness = Busyness.NONE;

	private Link primary;

	private PassingPrimary passing;

	@BeforeEach
	void connect(@TempDir Path directory) throws IOException {
		Path path = directory.resolve("socket");
		try (AFUNIXServerSocket server = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(path))) {
			PrimaryLink link = PrimaryLink.connect(new WorkerIdentity(1, 0, 1, 0, path, PortSharing.HANDLES),
					noOrders());
			this.primary = new Link("worker", new DescriptorSocket(server.accept()), new PrimaryEnd());
			this.primary.start();
			link.start();
			this.passing = new PassingPrimary(link, () -> this.busyness);
		}
		this.passing.start();
	}

	@AfterEach
	void close() {
		this.primary.close();
	}

	private static PrimaryLink.Orders noOrders() {
		return (PrimaryLink.Orders) Proxy.newProxyInstance(PassingPrimaryTests.class.getClassLoader(),
				new Class<?>[] { PrimaryLink.Orders.class }, (proxy, method, arguments) -> null);
	}

	private Message next() throws InterruptedException {
		return this.said.poll(3, TimeUnit.MINUTES);
	}

	@Test
	void changesAreTold() throws Exception {
		assertThat(next()).isEqualTo(new FromWorker.Busy(Busyness.NONE));
		this.busyness = BUSY;
		assertThat(next()).isEqualTo(new FromWorker.Busy(BUSY));
		this.busyness = Busyness.NONE;
		assertThat(next()).isEqualTo(new FromWorker.Busy(Busyness.NONE));
	}

	@Test
	void whatWasToldBeforeAConnectionIsToldAgainAfterIt() throws Exception {
		assertThat(next()).isEqualTo(new FromWorker.Busy(Busyness.NONE));
		synchronized (this.passing) {
			// between two pulses
			this.busyness = BUSY;
			this.passing.taken(1);
			this.busyness = Busyness.NONE;
		}
		assertThat(next()).isEqualTo(new FromWorker.ConnectionTaken(1, BUSY));
		assertThat(next()).isEqualTo(new FromWorker.Busy(Busyness.NONE));
	}

	@Test
	void aConnectionThatThereIsNoRoomForIsDeclined() throws Exception {
		assertThat(next()).isEqualTo(new FromWorker.Busy(Busyness.NONE));
		this.primary.send(new FromPrimary.Connection(7, new ListenAddress("*", 8080, 0), null));
		assertThat(next()).isEqualTo(new FromWorker.ConnectionDeclined(7));
	}

	private final class PrimaryEnd implements Link.Receiver {

		@Override
		public void received(Message message, List<FileDescriptor> descriptors) {
			PassingPrimaryTests.this.said.add(message);
		}

		@Override
		public void received(Envelope envelope, byte[] payload) {
		}

		@Override
		public void linkClosed(@Nullable IOException cause) {
		}

	}

}
