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
import org.newsclub.net.unix.FileDescriptorCast;
import org.newsclub.net.unix.ThreadUtil;

/**
 * A socket of junixsocket's, over which descriptors can be passed.
 */
public final class DescriptorSocket implements LinkSocket {

	private final AFUNIXSocket socket;

	/**
	 * The same socket by a descriptor of its own. junixsocket closes the one over which
	 * it cannot write any more, and what the peer has said before must still be read.
	 */
	private final AFUNIXSocket output;

	private final AncillaryBuffer ancillary;

	/**
	 * Create a socket.
	 * @param socket the connected socket, which it owns from now on
	 * @throws IOException if the process has no descriptor left
	 */
	public DescriptorSocket(AFUNIXSocket socket) throws IOException {
		this.socket = socket;
		this.ancillary = AncillaryBuffer.of(socket);
		this.output = FileDescriptorCast.duplicating(socket.getFileDescriptor()).as(AFUNIXSocket.class);
	}

	/**
	 * Connect to the primary.
	 * @param path the primary's socket
	 * @return the connected socket
	 * @throws IOException if there is no primary
	 */
	public static LinkSocket connect(Path path) throws IOException {
		AFUNIXSocket socket = AFUNIXSocket.connectTo(AFUNIXSocketAddress.of(path));
		try {
			return new DescriptorSocket(socket);
		}
		catch (IOException ex) {
			socket.close();
			throw ex;
		}
	}

	@Override
	public InputStream input() throws IOException {
		return new Input(this.socket.getInputStream(), this.ancillary);
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
			this.output.setOutboundFileDescriptors(descriptors.toArray(FileDescriptor[]::new));
		}
		this.output.getOutputStream().write(bytes);
	}

	/**
	 * junixsocket does not close a descriptor that it has been given.
	 */
	@Override
	public void close() throws IOException {
		try (this.output) {
			this.socket.close();
		}
		finally {
			Descriptors.close(this.output.getFileDescriptor());
		}
	}

	/**
	 * A byte with descriptors for which the process has no room cannot be read. It may be
	 * lost with them, as on Linux, or be there without them, as on macOS. No message
	 * brings more than one: if the kernel has installed some of several, the peer has
	 * broken the rules.
	 */
	private static final class Input extends FilterInputStream {

		private final AncillaryBuffer ancillary;

		private Input(InputStream in, AncillaryBuffer ancillary) {
			super(in);
			this.ancillary = ancillary;
		}

		@Override
		public int read() throws IOException {
			this.ancillary.clear();
			try {
				return super.read();
			}
			catch (SocketException ex) {
				refuseInstalled();
				// anything else that failed does so again
				return super.read();
			}
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			this.ancillary.clear();
			try {
				return super.read(bytes, offset, length);
			}
			catch (SocketException ex) {
				refuseInstalled();
				throw ex;
			}
		}

		private void refuseInstalled() throws FrameCodec.MalformedFrameException {
			if (this.ancillary.closeInstalled() > 0) {
				throw new FrameCodec.MalformedFrameException(
						"a frame brought more descriptors than the one that a message may have");
			}
		}

	}

}
