package io.clusterboot.state;

import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

import io.lettuce.core.ConnectionBuilder;
import io.lettuce.core.ConnectionEvents;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.resource.ClientResources;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Lettuce's client on a UNIX socket of the JDK's. By itself it wants a native library of
 * Netty's for that, which an application need not have.
 */
final class DomainSocketClient extends RedisClient {

	/** What {@code super} prepares: a connection that needs no native library. */
	private static final RedisURI TCP = RedisURI.create("unused", RedisURI.DEFAULT_REDIS_PORT);

	/** Given back with the resources, which end all groups. */
	private final EventLoopGroup eventLoops;

	/**
	 * Create a client.
	 * @param resources what it shares with other clients, or {@code null} if it has its
	 * own
	 * @param socket where it connects to
	 */
	@SuppressWarnings("deprecation") // by this class Lettuce knows its event loops
	DomainSocketClient(@Nullable ClientResources resources, RedisURI socket) {
		super(resources, socket);
		this.eventLoops = getResources().eventLoopGroupProvider().allocate(NioEventLoopGroup.class);
	}

	@Override
	protected Mono<SocketAddress> getSocketAddress(RedisURI uri) {
		return Mono.just(UnixDomainSocketAddress.of(uri.getSocket()));
	}

	@Override
	protected void connectionBuilder(Mono<SocketAddress> address, ConnectionBuilder builder, ConnectionEvents events,
			RedisURI uri) {
		super.connectionBuilder(address, builder, events, TCP);
		builder.apply(uri);
		Bootstrap prepared = builder.bootstrap();
		Bootstrap bootstrap = new Bootstrap().group(this.eventLoops).channel(NioDomainSocketChannel.class);
		keep(ChannelOption.ALLOCATOR, prepared, bootstrap);
		keep(ChannelOption.CONNECT_TIMEOUT_MILLIS, prepared, bootstrap);
		builder.bootstrap(bootstrap);
	}

	/**
	 * All others are TCP's.
	 */
	@SuppressWarnings("unchecked")
	private static <T> void keep(ChannelOption<T> option, Bootstrap from, Bootstrap to) {
		to.option(option, (T) from.config().options().get(option));
	}

}
