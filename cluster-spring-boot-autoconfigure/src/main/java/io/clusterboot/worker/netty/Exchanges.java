package io.clusterboot.worker.netty;

import java.util.function.BooleanSupplier;

import io.clusterboot.worker.netty.SharedConnection.Phase;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;
import reactor.netty.NettyPipeline;

/**
 * Follows the requests and responses of one connection that speaks HTTP/1.1, and decides
 * which response is the last one while the worker drains: it is, unless the first bytes
 * of another request are there. Reactor Netty by itself tells nobody, and would drop
 * requests that a client has sent behind the one whose response ends the connection.
 * <p>
 * There are two handlers: one sees bytes before they are decoded, which tells that a
 * request has begun to arrive; the other sees what has been decoded, before Reactor Netty
 * puts requests in a queue. Both run on the connection's event loop.
 */
final class Exchanges {

	private static final String ARRIVALS = "cluster.arrivals";

	private static final String MESSAGES = "cluster.messages";

	private final SharedConnection connection;

	private final BooleanSupplier draining;

	private final Runnable onUpgrade;

	/** There are bytes of a request that is not whole, or that is not decoded yet. */
	private boolean arriving;

	/** Requests that have no response yet, or only a part of one. */
	private int unanswered;

	/** Requests of whose response not even the headers have been written. */
	private int waiting;

	/** The headers that were written last say that the connection closes. */
	private boolean last;

	private boolean discarding;

	private Exchanges(SharedConnection connection, BooleanSupplier draining, Runnable onUpgrade) {
		this.connection = connection;
		this.draining = draining;
		this.onUpgrade = onUpgrade;
	}

	/**
	 * Follow a connection. To be called when its pipeline has been set up.
	 * @param connection the connection
	 * @param draining whether responses say that the connection closes
	 * @param onUpgrade called when it leaves HTTP
	 */
	static void follow(SharedConnection connection, BooleanSupplier draining, Runnable onUpgrade) {
		Exchanges exchanges = new Exchanges(connection, draining, onUpgrade);
		ChannelPipeline pipeline = connection.pipeline();
		pipeline.addBefore(firstDecoder(pipeline), ARRIVALS, exchanges.new Arrivals());
		exchanges.followMessages();
	}

	/**
	 * The first handler that keeps bytes of which it cannot make a message yet. Which
	 * protocol is spoken may not have been decided.
	 */
	private static String firstDecoder(ChannelPipeline pipeline) {
		for (String name : new String[] { NettyPipeline.H2OrHttp11Codec, NettyPipeline.H2CUpgradeHandler }) {
			if (pipeline.get(name) != null) {
				return name;
			}
		}
		return NettyPipeline.HttpCodec;
	}

	/**
	 * With TLS it is decided at the end of the handshake what is spoken.
	 */
	private void followMessages() {
		ChannelPipeline pipeline = this.connection.pipeline();
		if (pipeline.get(NettyPipeline.HttpTrafficHandler) != null && pipeline.get(MESSAGES) == null) {
			pipeline.addBefore(NettyPipeline.HttpTrafficHandler, MESSAGES, new Messages());
		}
	}

	private void update() {
		if (this.connection.phase() == Phase.SESSION) {
			// the end of an earlier response
			return;
		}
		this.connection.phase((this.arriving || this.unanswered > 0) ? Phase.BUSY : Phase.IDLE);
	}

	/**
	 * The decoder has passed on a request, and nothing of what is behind its headers.
	 */
	private void received(HttpRequest request) {
		this.unanswered++;
		this.waiting++;
		long body = HttpUtil.isTransferEncodingChunked(request) ? Long.MAX_VALUE
				: HttpUtil.getContentLength(request, 0L);
		this.arriving = DecoderBuffer.size(this.connection.pipeline()) != body;
	}

	/**
	 * The decoder has passed on the end of a request, and nothing of what is behind.
	 */
	private void receivedAll() {
		this.arriving = DecoderBuffer.size(this.connection.pipeline()) > 0;
	}

	private void begin(HttpResponse response) {
		this.waiting--;
		if (this.draining.getAsBoolean() && HttpUtil.isKeepAlive(response) && !isFollowed()) {
			HttpUtil.setKeepAlive(response, false);
			this.last = true;
		}
	}

	private boolean isFollowed() {
		return this.waiting > 0 || this.arriving || this.connection.isReadable();
	}

	private void end() {
		this.unanswered--;
		update();
	}

	private void upgrade() {
		this.connection.phase(Phase.SESSION);
		remove(ARRIVALS);
		remove(MESSAGES);
		this.onUpgrade.run();
	}

	private void remove(String name) {
		ChannelHandler handler = this.connection.pipeline().get(name);
		if (handler != null) {
			this.connection.pipeline().remove(handler);
		}
	}

	/**
	 * What arrives, as bytes. TLS has been taken off.
	 */
	private final class Arrivals extends ChannelInboundHandlerAdapter {

		@Override
		public void channelRead(ChannelHandlerContext context, Object message) {
			if (!Exchanges.this.arriving && message instanceof ByteBuf bytes && isMoreThanLineEnds(bytes)) {
				Exchanges.this.arriving = true;
				update();
			}
			context.fireChannelRead(message);
		}

		/**
		 * Some clients send those behind a request, and decoders skip them.
		 */
		private static boolean isMoreThanLineEnds(ByteBuf bytes) {
			return bytes.forEachByte((octet) -> octet == '\r' || octet == '\n') >= 0;
		}

		@Override
		public void userEventTriggered(ChannelHandlerContext context, Object event) {
			context.fireUserEventTriggered(event);
			followMessages();
		}

	}

	/**
	 * What has been received, and what is written.
	 */
	private final class Messages extends ChannelDuplexHandler {

		@Override
		public void channelRead(ChannelHandlerContext context, Object message) {
			if (message instanceof HttpRequest request) {
				// its client has been told that it is not answered
				Exchanges.this.discarding = Exchanges.this.last;
				received(request);
			}
			if (message instanceof LastHttpContent) {
				receivedAll();
			}
			update();
			if (Exchanges.this.discarding && message instanceof HttpObject) {
				ReferenceCountUtil.release(message);
				return;
			}
			context.fireChannelRead(message);
		}

		@Override
		public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
			HttpResponse response = (message instanceof HttpResponse) ? (HttpResponse) message : null;
			if (response != null && response.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
				context.write(message, promise);
				if (isUpgrade(response)) {
					upgrade();
				}
				return;
			}
			if (response != null) {
				begin(response);
			}
			if (message instanceof LastHttpContent) {
				ChannelPromise written = promise.unvoid();
				written.addListener((done) -> end());
				if (Exchanges.this.last) {
					written.addListener(ChannelFutureListener.CLOSE);
				}
				context.write(message, written);
				return;
			}
			context.write(message, promise);
		}

		private static boolean isUpgrade(@Nullable HttpResponse response) {
			return response != null && response.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code()
					&& response.headers().contains(HttpHeaderNames.UPGRADE);
		}

	}

}
