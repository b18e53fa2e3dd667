package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;

import io.clusterboot.protocol.Descriptors;

/**
 * Turns descriptors into channels of the JDK and back. The JDK has no public way, so this
 * class, and it alone, reaches into {@code sun.nio.ch}, which the worker's command line
 * opens.
 */
final class JdkChannels {

	private static final String SERVER_CHANNEL = "sun.nio.ch.ServerSocketChannelImpl";

	private static final ProtocolFamily FAMILY;

	private static final Constructor<?> CONSTRUCTOR;

	private static final Field DESCRIPTOR;

	private static final Constructor<?> CONNECTION_CONSTRUCTOR;

	private static final Field CONNECTION_DESCRIPTOR;

	private static final Method REMOTE_ADDRESS;

	static {
		try {
			Class<?> type = Class.forName(SERVER_CHANNEL);
			CONSTRUCTOR = type.getDeclaredConstructor(SelectorProvider.class, ProtocolFamily.class,
					FileDescriptor.class, boolean.class);
			CONSTRUCTOR.setAccessible(true);
			DESCRIPTOR = type.getDeclaredField("fd");
			DESCRIPTOR.setAccessible(true);
			Class<?> connectionType = Class.forName("sun.nio.ch.SocketChannelImpl");
			CONNECTION_CONSTRUCTOR = connectionType.getDeclaredConstructor(SelectorProvider.class, ProtocolFamily.class,
					FileDescriptor.class, SocketAddress.class);
			CONNECTION_CONSTRUCTOR.setAccessible(true);
			CONNECTION_DESCRIPTOR = connectionType.getDeclaredField("fd");
			CONNECTION_DESCRIPTOR.setAccessible(true);
			Class<?> net = Class.forName("sun.nio.ch.Net");
			REMOTE_ADDRESS = net.getDeclaredMethod("remoteAddress", FileDescriptor.class);
			REMOTE_ADDRESS.setAccessible(true);
			Method ipv6 = net.getDeclaredMethod("isIPv6Available");
			ipv6.setAccessible(true);
			FAMILY = (boolean) ipv6.invoke(null) ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
		}
		catch (ReflectiveOperationException | RuntimeException ex) {
			throw new IllegalStateException(
					"This Java runtime (%s) does not let a listening socket be shared: %s. Use another one, or set cluster.enabled=false"
						.formatted(Runtime.version(), ex),
					ex);
		}
	}

	private JdkChannels() {
	}

	/**
	 * Make a channel of a listening socket.
	 * @param descriptor the socket, owned by the channel from now on
	 * @return the channel
	 */
	static ServerSocketChannel serverChannel(FileDescriptor descriptor) {
		try {
			return (ServerSocketChannel) CONSTRUCTOR.newInstance(SelectorProvider.provider(), FAMILY, descriptor, true);
		}
		catch (InvocationTargetException ex) {
			throw new IllegalStateException("The descriptor is no listening socket", ex.getCause());
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Make a channel of a connection.
	 * @param descriptor the connection, owned by the channel from now on
	 * @return the channel
	 * @throws IOException if the client has gone already
	 */
	static SocketChannel channel(FileDescriptor descriptor) throws IOException {
		try {
			return (SocketChannel) CONNECTION_CONSTRUCTOR.newInstance(SelectorProvider.provider(), FAMILY, descriptor,
					REMOTE_ADDRESS.invoke(null, descriptor));
		}
		catch (InvocationTargetException ex) {
			Descriptors.close(descriptor);
			throw (ex.getCause() instanceof IOException cause) ? cause : new IOException(ex.getCause());
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The descriptor of a channel, which goes on owning it.
	 * @param channel a channel of the JDK
	 * @return the descriptor
	 */
	static FileDescriptor descriptor(ServerSocketChannel channel) {
		return descriptor(DESCRIPTOR, channel);
	}

	/**
	 * The descriptor of a connection, which its channel goes on owning.
	 * @param channel a channel of the JDK
	 * @return the descriptor
	 */
	static FileDescriptor descriptor(SocketChannel channel) {
		return descriptor(CONNECTION_DESCRIPTOR, channel);
	}

	private static FileDescriptor descriptor(Field field, Channel channel) {
		try {
			return (FileDescriptor) field.get(channel);
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
