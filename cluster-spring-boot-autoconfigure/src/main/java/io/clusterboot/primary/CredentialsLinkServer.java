package io.clusterboot.primary;

import java.io.IOException;
import java.nio.file.Path;

import io.clusterboot.protocol.DescriptorSocket;
import io.clusterboot.protocol.WorkerIdentity;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/**
 * Has the kernel say which process has connected.
 */
final class CredentialsLinkServer extends LinkServer {

	private final AFUNIXServerSocket socket;

	CredentialsLinkServer(Path path) throws IOException {
		super(path);
		this.socket = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(path));
	}

	@Override
	void expect(WorkerIdentity worker) {
		// its pid will be known when its process has been started
	}

	@Override
	void accept(Admission admission) throws IOException {
		AFUNIXSocket peer = this.socket.accept();
		try {
			Caller caller = new Caller.Connected(peer.getPeerCredentials().getPid());
			admission.offer(new DescriptorSocket(peer), caller);
		}
		catch (IOException | RuntimeException ex) {
			close(peer);
			throw ex;
		}
	}

	@Override
	boolean isClosed() {
		return this.socket.isClosed();
	}

	@Override
	public void close() {
		close(this.socket);
	}

}
