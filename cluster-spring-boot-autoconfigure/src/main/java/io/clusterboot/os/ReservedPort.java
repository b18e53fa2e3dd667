package io.clusterboot.os;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * A port that is kept from everybody but those processes of this user that ask for it
 * with {@code SO_REUSEPORT}. This itself does not listen, so no connection comes to it.
 */
public final class ReservedPort implements Closeable {

	private final SocketChannel channel;

	private ReservedPort(SocketChannel channel) {
		this.channel = channel;
	}

	/**
	 * Whether the kernel spreads connections over the sockets that listen on one port.
	 * Linux does; others that know the option let one socket have them all.
	 * @param operatingSystem the name of the operating system
	 * @return whether it does
	 */
	public static boolean isSupported(String operatingSystem) {
		if (!operatingSystem.equals("Linux")) {
			return false;
		}
		try (ServerSocketChannel channel = ServerSocketChannel.open()) {
			return channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT);
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Reserve a port.
	 * @param address address and port
	 * @return the reservation
	 * @throws IOException if somebody else has it
	 */
	public static ReservedPort of(InetSocketAddress address) throws IOException {
		SocketChannel channel = SocketChannel.open();
		try {
			channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
			channel.bind(address);
			return new ReservedPort(channel);
		}
		catch (IOException | RuntimeException ex) {
			channel.close();
			throw ex;
		}
	}

	/**
	 * The address that is reserved.
	 * @return a channel that is bound to it
	 */
	public NetworkChannel channel() {
		return this.channel;
	}

	@Override
	public void close() {
		try {
			this.channel.close();
		}
		catch (IOException ex) {
			// close(2) has released the port even when it reports an error
		}
	}

}
