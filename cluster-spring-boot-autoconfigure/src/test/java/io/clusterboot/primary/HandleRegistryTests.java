package io.clusterboot.primary;

import java.io.File;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.protocol.ClusterDescription.Listener;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.ListenAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link HandleRegistry}.
 */
class HandleRegistryTests {

	private static final ListenAddress ADDRESS = new ListenAddress("*", 0, 0);

	private final HandleRegistry registry = new HandleRegistry(null);

	private final Worker first = new Worker();

	private final Worker second = new Worker();

	private final Worker third = new Worker();

	@TempDir
	private Path directory;

	@Test
	void theFirstBindsAndTheOthersGetTheHandle() throws IOException {
		FileDescriptor descriptor = open();
		this.registry.listen(this.first, new FromWorker.Listen(7, ADDRESS));
		this.registry.listen(this.second, new FromWorker.Listen(8, ADDRESS));
		assertThat(this.first.received).containsExactly(new FromPrimary.Bind(7, false));
		assertThat(this.second.received).isEmpty();
		this.registry.bound(new FromWorker.Bound(ADDRESS, "*", 4711), List.of(descriptor));
		this.registry.listen(this.third, new FromWorker.Listen(9, ADDRESS));
		assertThat(this.second.received).containsExactly(new FromPrimary.Handle(8, 4711, false));
		assertThat(this.third.received).containsExactly(new FromPrimary.Handle(9, 4711, false));
		assertThat(this.third.descriptors).containsExactly(descriptor);
		assertThat(this.registry.listeners()).containsExactly(new Listener("*", 4711));
	}

	@Test
	void addressesAreIndependent() {
		this.registry.listen(this.first, new FromWorker.Listen(1, ADDRESS));
		this.registry.listen(this.second, new FromWorker.Listen(1, new ListenAddress("*", 0, 1)));
		assertThat(this.second.received).containsExactly(new FromPrimary.Bind(1, false));
	}

	@Test
	void whenBindingFailsTheNextTries() {
		this.registry.listen(this.first, new FromWorker.Listen(1, ADDRESS));
		this.registry.listen(this.second, new FromWorker.Listen(2, ADDRESS));
		this.registry.bindFailed(this.first, ADDRESS);
		assertThat(this.second.received).containsExactly(new FromPrimary.Bind(2, false));
	}

	@Test
	void whenTheBinderDiesTheNextTries() {
		this.registry.listen(this.first, new FromWorker.Listen(1, ADDRESS));
		this.registry.listen(this.second, new FromWorker.Listen(2, ADDRESS));
		this.registry.listen(this.third, new FromWorker.Listen(3, ADDRESS));
		this.registry.forget(this.second);
		this.registry.forget(this.first);
		assertThat(this.second.received).isEmpty();
		assertThat(this.third.received).containsExactly(new FromPrimary.Bind(3, false));
	}

	@Test
	void aWorkerThatCannotBeReachedIsNotLeftToBind() {
		this.first.reachable = false;
		this.registry.listen(this.first, new FromWorker.Listen(1, ADDRESS));
		this.registry.listen(this.second, new FromWorker.Listen(2, ADDRESS));
		assertThat(this.second.received).containsExactly(new FromPrimary.Bind(2, false));
	}

	@Test
	void theDeathOfTheBinderDoesNotLoseItsSocket() throws IOException {
		this.registry.listen(this.first, new FromWorker.Listen(1, ADDRESS));
		this.registry.bound(new FromWorker.Bound(ADDRESS, "*", 4711), List.of(open()));
		this.registry.forget(this.first);
		this.registry.listen(this.second, new FromWorker.Listen(2, ADDRESS));
		assertThat(this.second.received).containsExactly(new FromPrimary.Handle(2, 4711, false));
	}

	@Test
	void closeClosesTheDescriptorsAndASecondDepositIsNotLeaked() throws IOException {
		FileDescriptor kept = open();
		FileDescriptor late = open();
		this.registry.bound(new FromWorker.Bound(ADDRESS, "*", 4711), List.of(kept));
		this.registry.bound(new FromWorker.Bound(ADDRESS, "*", 4712), List.of(late));
		assertThat(late.valid()).isFalse();
		assertThat(kept.valid()).isTrue();
		this.registry.close();
		assertThat(kept.valid()).isFalse();
		assertThat(this.registry.listeners()).isEmpty();
	}

	@Test
	void withoutDescriptorThePortIsKeptAndTold() throws IOException {
		ListenAddress loopback = new ListenAddress("127.0.0.1", 0, 0);
		int port;
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			port = socket.getLocalPort();
		}
		this.registry.listen(this.first, new FromWorker.Listen(1, loopback));
		this.registry.bound(new FromWorker.Bound(loopback, "127.0.0.1", port), List.of());
		this.registry.listen(this.second, new FromWorker.Listen(2, loopback));
		assertThat(this.second.received).containsExactly(new FromPrimary.Handle(2, port, false));
		assertThat(this.second.descriptors).isEmpty();
		assertThatExceptionOfType(BindException.class)
			.isThrownBy(() -> new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
		this.registry.close();
		new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
	}

	private FileDescriptor open() throws IOException {
		File file = File.createTempFile("handle", null, this.directory.toFile());
		return new RandomAccessFile(file, "rw").getFD();
	}

	private static final class Worker implements HandleRegistry.Peer {

		private final List<FromPrimary> received = new ArrayList<>();

		private final List<FileDescriptor> descriptors = new ArrayList<>();

		private boolean reachable = true;

		@Override
		public boolean send(FromPrimary message, FileDescriptor... sent) {
			if (this.reachable) {
				this.received.add(message);
				this.descriptors.addAll(List.of(sent));
			}
			return this.reachable;
		}

	}

}
