package io.clusterboot.worker.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import reactor.netty.NettyPipeline;
import reactor.netty.channel.ChannelOperations;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.websocket.WebsocketOutbound;

/**
 * How things end well that do not end by themselves. Runs on the event loop of what it
 * ends.
 */
final class Farewell {

	private static final String NAME = "cluster.farewell";

	private static final String REASON = "The server is being replaced";

	private Farewell() {
	}

	/**
	 * Say goodbye to a client that speaks WebSocket, and leave it to the client to close:
	 * who closes while the client is sending takes the goodbye back.
	 * @param connection the connection
	 */
	static void endSession(Channel connection) {
		ChannelPipeline pipeline = connection.pipeline();
		if (ChannelOperations.get(connection) instanceof WebsocketOutbound && pipeline.get(NAME) == null) {
			pipeline.addBefore(NettyPipeline.ReactiveBridge, NAME, new NothingBehind());
			pipeline.context(NAME)
				.writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.ENDPOINT_UNAVAILABLE, REASON));
		}
	}

	/**
	 * End a response: one that has not begun with 503, server-sent events as if there
	 * were no more of them. Any other that has begun is left to be cut off. Its client
	 * would take for the whole what is only a part.
	 * @param channel a connection, or a stream of HTTP/2
	 */
	static void endRequest(Channel channel) {
		ChannelOperations<?, ?> operations = ChannelOperations.get(channel);
		if (operations instanceof WebsocketOutbound session) {
			session.sendClose(WebSocketCloseStatus.ENDPOINT_UNAVAILABLE.code(), REASON).subscribe();
		}
		else if (operations instanceof HttpServerResponse response && !response.hasSentHeaders()) {
			response.status(HttpResponseStatus.SERVICE_UNAVAILABLE);
			response.responseHeaders().remove(HttpHeaderNames.CONTENT_LENGTH);
			operations.onComplete();
		}
		else if (operations instanceof HttpServerResponse response && isEventStream(response)) {
			operations.onComplete();
		}
	}

	private static boolean isEventStream(HttpServerResponse response) {
		String type = response.responseHeaders().get(HttpHeaderNames.CONTENT_TYPE);
		return type != null && type.startsWith(HttpHeaderValues.TEXT_EVENT_STREAM.toString());
	}

	/**
	 * Behind a goodbye there is nothing any more, whatever the application sends.
	 */
	private static final class NothingBehind extends ChannelDuplexHandler {

		@Override
		public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
			if (message instanceof WebSocketFrame) {
				ReferenceCountUtil.release(message);
				promise.setSuccess();
			}
			else {
				context.write(message, promise);
			}
		}

	}

}
