package io.clusterboot.primary;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

import io.clusterboot.PortSharing;
import io.clusterboot.protocol.LinkSocket;
import io.clusterboot.protocol.WorkerIdentity;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Accepts the workers' connections and finds out who is at the other end, whatever the
 * peer claims to be. Whether it may come in is for the supervisor to decide, and no frame
 * is read before.
 */
abstract class LinkServer implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(LinkServer.class);

	private static final Duration RETRY_DELAY = Duration.ofMillis(100);

	private final Path path;

	LinkServer(Path path) {
		this.path = path;
	}

	/**
	 * Bind the primary's socket.
	 * @param path where
	 * @param sharing how the cluster shares ports: without handles, workers and primary
	 * need no native code
	 * @return the server
	 * @throws IOException if it cannot be bound
	 */
	static LinkServer bind(Path path, PortSharing sharing) throws IOException {
		LinkServer server = (sharing == PortSharing.HANDLES) ? new CredentialsLinkServer(path)
				: new TicketLinkServer(path);
		Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
		return server;
	}

	Path path() {
		return this.path;
	}

	/**
	 * A worker is about to be started. Called on another thread than that which accepts.
	 * @param worker who is going to connect
	 * @throws IOException if it could not prove who it is
	 */
	abstract void expect(WorkerIdentity worker) throws IOException;

	/**
	 * Accept one connection.
	 * @param admission gets it
	 * @throws IOException if that fails
	 */
	abstract void accept(Admission admission) throws IOException;

	abstract boolean isClosed();

	void start(Admission admission) {
		Thread thread = new Thread(() -> acceptAll(admission), "cluster-accept");
		thread.setDaemon(true);
		thread.start();
	}

	private void acceptAll(Admission admission) {
		while (!isClosed()) {
			try {
				accept(admission);
			}
			catch (IOException | RuntimeException ex) {
				if (!isClosed()) {
					logger.warn("A connection to the cluster's socket could not be accepted: " + ex.getMessage());
					pause();
				}
			}
		}
	}

	/**
	 * What failed, as for want of descriptors, would fail again at once.
	 */
	private static void pause() {
		try {
			Thread.sleep(RETRY_DELAY.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	static void close(@Nullable Closeable socket) {
		try {
			if (socket != null) {
				socket.close();
			}
		}
		catch (IOException ex) {
			logger.debug("Cannot close a socket of the cluster", ex);
		}
	}

	@Override
	public abstract void close();

	/**
	 * Takes connections over, which it has to close if it does not want them.
	 */
	interface Admission {

		void offer(LinkSocket socket, Caller caller);

	}

}
