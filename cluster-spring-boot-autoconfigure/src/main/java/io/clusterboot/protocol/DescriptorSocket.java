package io.clusterboot.protocol;

import java.io.FileDescriptor;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.ThreadUtil;

/**
 * A socket of junixsocket's, over which descriptors can be passed.
 */
public final class DescriptorSocket implements LinkSocket {

	/** Descriptors that one read may bring; a control message holds 253 at the most. */
	private static final int ANCILLARY_BUFFER = 2048;

	private final AFUNIXSocket socket;

	/**
	 * Create a socket.
	 * @param socket the connected socket, which it owns from now on
	 */
	public DescriptorSocket(AFUNIXSocket socket) {
		this.socket = socket;
		socket.setAncillaryReceiveBufferSize(ANCILLARY_BUFFER);
	}

	/**
	 * Connect to the primary.
	 * @param path the primary's socket
	 * @return the connected socket
	 * @throws IOException if there is no primary
	 */
	public static LinkSocket connect(Path path) throws IOException {
		return new DescriptorSocket(AFUNIXSocket.connectTo(AFUNIXSocketAddress.of(path)));
	}

	@Override
	public InputStream input() throws IOException {
		return new Input(this.socket.getInputStream());
	}

	/**
	 * junixsocket closes received descriptors together with the socket that brought them.
	 * What it hands out is duplicated at once and given back, so that they have one
	 * owner.
	 */
	@Override
	public void takeDescriptors(Collection<FileDescriptor> received) throws IOException {
		FileDescriptor[] arrived = this.socket.getReceivedFileDescriptors();
		if (arrived == null) {
			return;
		}
		for (FileDescriptor descriptor : arrived) {
			try {
				received.add(Descriptors.duplicate(descriptor));
			}
			catch (IOException ex) {
				// there was room for one, not for two
			}
			finally {
				Descriptors.close(descriptor);
			}
		}
	}

	@Override
	public int sendBuffer() throws IOException {
		return this.socket.getSendBufferSize();
	}

	/**
	 * For a virtual thread junixsocket makes the socket non-blocking, which the thread
	 * that reads it does not expect.
	 */
	@Override
	public boolean isWritable() {
		return !ThreadUtil.isVirtualThread();
	}

	@Override
	public void write(byte[] bytes, List<FileDescriptor> descriptors) throws IOException {
		if (!descriptors.isEmpty()) {
			this.socket.setOutboundFileDescriptors(descriptors.toArray(FileDescriptor[]::new));
		}
		this.socket.getOutputStream().write(bytes);
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * A byte with descriptors for which the process has no room cannot be read. It may be
	 * lost with them, as on Linux, or be there without them, as on macOS.
	 */
	private static final class Input extends FilterInputStream {

		private Input(InputStream in) {
			super(in);
		}

		@Override
		public int read() throws IOException {
			try {
				return super.read();
			}
			catch (SocketException ex) {
				// anything else that failed does so again
				return super.read();
			}
		}

	}

}
