package io.clusterboot.worker.jetty;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;

/**
 * The view of a shared channel that tells its address. Has no descriptor of its own.
 */
final class BoundServerSocket extends ServerSocket {

	private final InetSocketAddress address;

	private final ServerSocketChannel channel;

	BoundServerSocket(NetworkChannel bound, ServerSocketChannel channel) throws IOException {
		this.address = (InetSocketAddress) bound.getLocalAddress();
		this.channel = channel;
	}

	@Override
	public ServerSocketChannel getChannel() {
		return this.channel;
	}

	@Override
	public boolean isBound() {
		return true;
	}

	@Override
	public boolean isClosed() {
		return !this.channel.isOpen();
	}

	@Override
	public void close() throws IOException {
		this.channel.close();
	}

	@Override
	public InetAddress getInetAddress() {
		return this.address.getAddress();
	}

	@Override
	public int getLocalPort() {
		return this.address.getPort();
	}

	@Override
	public SocketAddress getLocalSocketAddress() {
		return this.address;
	}

}
