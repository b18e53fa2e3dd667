package io.clusterboot.worker.netty;

import java.lang.reflect.Method;

import io.netty.channel.ChannelPipeline;
import io.netty.channel.CombinedChannelDuplexHandler;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.HttpServerCodec;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

/**
 * How many bytes the decoder of HTTP/1.1 has that it has not decoded. It is the only one
 * who knows whether something follows a request, and has told nobody when it passes the
 * request on.
 */
final class DecoderBuffer {

	private static final Method DECODER = method(CombinedChannelDuplexHandler.class, "inboundHandler");

	private static final Method SIZE = method(ByteToMessageDecoder.class, "actualReadableBytes");

	private DecoderBuffer() {
	}

	/**
	 * Called on the event loop.
	 * @param pipeline the handlers of a connection
	 * @return the number of bytes
	 */
	static int size(ChannelPipeline pipeline) {
		HttpServerCodec codec = pipeline.get(HttpServerCodec.class);
		Object decoder = (codec != null) ? ReflectionUtils.invokeMethod(DECODER, codec) : null;
		Integer size = (decoder != null) ? (Integer) ReflectionUtils.invokeMethod(SIZE, decoder) : null;
		return (size != null) ? size : 0;
	}

	private static Method method(Class<?> type, String name) {
		@Nullable Method method = ReflectionUtils.findMethod(type, name);
		Assert.state(method != null,
				() -> "This version of Netty has no %s.%s()".formatted(type.getSimpleName(), name));
		ReflectionUtils.makeAccessible(method);
		return method;
	}

}
