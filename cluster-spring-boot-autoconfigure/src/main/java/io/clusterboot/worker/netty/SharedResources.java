package io.clusterboot.worker.netty;

import java.time.Duration;
import java.util.function.Supplier;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.ServerSocketChannel;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpResources;
import reactor.netty.resources.LoopResources;

import org.springframework.http.client.ReactorResourceFactory;

/**
 * The event loops of the application, for one server: whatever it is that listens with
 * them listens on a shared socket. Who owns them starts and stops them.
 */
final class SharedResources extends ReactorResourceFactory {

	private final SharedHttpServer server;

	private final Supplier<@Nullable ReactorResourceFactory> resources;

	SharedResources(SharedHttpServer server, Supplier<@Nullable ReactorResourceFactory> resources) {
		this.server = server;
		this.resources = resources;
	}

	@Override
	public LoopResources getLoopResources() {
		ReactorResourceFactory configured = this.resources.get();
		return new SharedLoops(this.server, (configured != null) ? configured.getLoopResources() : HttpResources.get());
	}

	/**
	 * Connections come as channels of the JDK, so that the loops have to be such, too,
	 * even where a native transport is there.
	 */
	private record SharedLoops(SharedHttpServer server, LoopResources loops) implements LoopResources {

		@Override
		public EventLoopGroup onServer(boolean useNative) {
			return this.loops.onServer(false);
		}

		@Override
		public EventLoopGroup onServerSelect(boolean useNative) {
			return this.loops.onServerSelect(false);
		}

		@Override
		public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
			if (type == ServerSocketChannel.class) {
				return type.cast(new SharedServerChannel(this.server));
			}
			return this.loops.onChannel(type, group);
		}

		@Override
		public <C extends Channel> Class<? extends C> onChannelClass(Class<C> type, EventLoopGroup group) {
			return (type == ServerSocketChannel.class) ? SharedServerChannel.class.asSubclass(type)
					: this.loops.onChannelClass(type, group);
		}

		@Override
		public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
			return Mono.empty();
		}

	}

}
