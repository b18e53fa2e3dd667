package io.clusterboot.worker;

import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.NetworkChannel;
import java.util.Set;

/**
 * Stands for a listening socket that is in another process: has its address, and nothing
 * else.
 */
final class BoundAddress implements NetworkChannel {

	private final SocketAddress address;

	private volatile boolean open = true;

	BoundAddress(SocketAddress address) {
		this.address = address;
	}

	@Override
	public SocketAddress getLocalAddress() {
		return this.address;
	}

	@Override
	public boolean isOpen() {
		return this.open;
	}

	@Override
	public void close() {
		this.open = false;
	}

	@Override
	public NetworkChannel bind(SocketAddress local) {
		throw new UnsupportedOperationException("The primary keeps this socket");
	}

	@Override
	public <T> NetworkChannel setOption(SocketOption<T> name, T value) {
		throw new UnsupportedOperationException("The primary keeps this socket");
	}

	@Override
	public <T> T getOption(SocketOption<T> name) {
		throw new UnsupportedOperationException("The primary keeps this socket");
	}

	@Override
	public Set<SocketOption<?>> supportedOptions() {
		return Set.of();
	}

}
