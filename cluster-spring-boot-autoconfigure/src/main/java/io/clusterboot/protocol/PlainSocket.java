package io.clusterboot.protocol;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * A socket of the JDK's, which needs no native library and passes no descriptors.
 */
public final class PlainSocket implements LinkSocket {

	private final SocketChannel channel;

	private final InputStream input;

	/**
	 * Create a socket.
	 * @param channel the connected channel, in blocking mode, which it owns from now on
	 */
	public PlainSocket(SocketChannel channel) {
		this.channel = channel;
		this.input = new BufferedInputStream(new ChannelInput(channel));
	}

	/**
	 * Connect to the primary.
	 * @param path the primary's socket
	 * @param ticket lets this process in
	 * @return the connected socket
	 * @throws IOException if there is no primary
	 */
	public static LinkSocket connect(Path path, Ticket ticket) throws IOException {
		SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
		try {
			ticket.present(channel);
			return new PlainSocket(channel);
		}
		catch (IOException ex) {
			channel.close();
			throw ex;
		}
	}

	@Override
	public InputStream input() {
		return this.input;
	}

	@Override
	public void takeDescriptors(Collection<FileDescriptor> received) {
		// none can have come
	}

	@Override
	public int sendBuffer() throws IOException {
		return this.channel.getOption(StandardSocketOptions.SO_SNDBUF);
	}

	/**
	 * The interrupt of a thread that writes would close the channel.
	 */
	@Override
	public boolean isWritable() {
		return false;
	}

	@Override
	public void write(byte[] bytes, List<FileDescriptor> descriptors) throws IOException {
		if (!descriptors.isEmpty()) {
			throw new IOException("No descriptors can be passed over a socket of the JDK's");
		}
		ByteBuffer buffer = ByteBuffer.wrap(bytes);
		while (buffer.hasRemaining()) {
			this.channel.write(buffer);
		}
	}

	@Override
	public void close() throws IOException {
		this.channel.close();
	}

	/**
	 * The streams that {@link java.nio.channels.Channels} makes of one channel share a
	 * lock before Java 19: nothing could be written while the other thread waits for
	 * something to read.
	 */
	private static final class ChannelInput extends InputStream {

		private final SocketChannel channel;

		private ChannelInput(SocketChannel channel) {
			this.channel = channel;
		}

		@Override
		public int read() throws IOException {
			byte[] single = new byte[1];
			return (read(single, 0, 1) < 0) ? -1 : Byte.toUnsignedInt(single[0]);
		}

		@Override
		public int read(byte[] bytes, int offset, int length) throws IOException {
			return this.channel.read(ByteBuffer.wrap(bytes, offset, length));
		}

	}

}
