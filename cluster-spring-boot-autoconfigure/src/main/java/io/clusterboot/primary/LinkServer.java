package io.clusterboot.primary;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/**
 * Accepts the workers' connections. Who is at the other end is what the kernel says, not
 * what the peer claims; whether it may come in is for the supervisor to decide, and
 * nothing is read before.
 */
final class LinkServer implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(LinkServer.class);

	private static final Duration RETRY_DELAY = Duration.ofMillis(100);

	private final AFUNIXServerSocket socket;

	private LinkServer(AFUNIXServerSocket socket) {
		this.socket = socket;
	}

	static LinkServer bind(Path path) throws IOException {
		LinkServer server = new LinkServer(AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(path)));
		Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
		return server;
	}

	void start(Admission admission) {
		Thread thread = new Thread(() -> acceptAll(admission), "cluster-accept");
		thread.setDaemon(true);
		thread.start();
	}

	private void acceptAll(Admission admission) {
		while (!this.socket.isClosed()) {
			AFUNIXSocket peer = null;
			try {
				peer = this.socket.accept();
				admission.offer(peer, peer.getPeerCredentials().getPid());
			}
			catch (IOException | RuntimeException ex) {
				if (!this.socket.isClosed()) {
					logger.warn("A connection to the cluster's socket could not be accepted: " + ex.getMessage());
					abandon(peer);
				}
			}
		}
	}

	/**
	 * What failed, as for want of descriptors, would fail again at once.
	 */
	private static void abandon(@Nullable AFUNIXSocket peer) {
		try {
			if (peer != null) {
				peer.close();
			}
			Thread.sleep(RETRY_DELAY.toMillis());
		}
		catch (IOException ex) {
			logger.debug("Cannot close a connection that failed", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public void close() {
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			logger.debug("Cannot close the cluster's socket", ex);
		}
	}

	/**
	 * Takes connections over, which it has to close if it does not want them.
	 */
	interface Admission {

		void offer(AFUNIXSocket socket, long pid);

	}

}
