package io.clusterboot.worker.jetty;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;

import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

/**
 * Decides which HTTP/1.1 response is the last one of its connection while the worker
 * drains, and has it say so. Jetty itself would end every connection with its next
 * response, and lose the requests that a client has sent behind that one without waiting.
 * <p>
 * The decision is made when the headers of a response are about to be written, by
 * whichever thread does it. Nobody else reads from the connection then, except for the
 * body of the request.
 */
final class LastResponse {

	/** A request behind is seen by its first bytes. */
	private static final int READ_AHEAD = 2048;

	private static final Field REQUEST_BUFFER = requestBuffer();

	private LastResponse() {
	}

	/**
	 * The response that is to be written.
	 * @param response the response as it would be written
	 * @param last whether all of its body is there
	 * @param connection the connection
	 * @return the response, which says whether it is the last one
	 */
	static MetaData.Response of(MetaData.Response response, boolean last, HttpConnection connection) {
		if (HttpStatus.isInformational(response.getStatus()) || isFollowed(connection)) {
			return response;
		}
		HttpFields.Mutable fields = HttpFields.build(response.getHttpFields()).put(HttpFields.CONNECTION_CLOSE);
		if (!last && response.getContentLength() < 0 && response.getHttpVersion() == HttpVersion.HTTP_1_1
				&& !fields.contains(HttpHeader.TRANSFER_ENCODING) && !fields.contains(HttpHeader.CONTENT_LENGTH)) {
			// Jetty would let the end of the connection be the end of the response, and
			// one that is cut off would look whole.
			fields.put(HttpHeader.TRANSFER_ENCODING, HttpHeaderValue.CHUNKED.asString());
		}
		return new MetaData.Response(response.getStatus(), response.getReason(), response.getHttpVersion(), fields,
				response.getContentLength(), response.getTrailersSupplier());
	}

	/**
	 * Whether the first bytes of another request are there. Behind a body that has not
	 * been read to its end only those are found that have been received together with
	 * some of it.
	 */
	private static boolean isFollowed(HttpConnection connection) {
		HttpParser parser = connection.getParser();
		RetainableByteBuffer buffer = (RetainableByteBuffer) ReflectionUtils.getField(REQUEST_BUFFER, connection);
		int buffered = (buffer != null) ? buffer.remaining() : 0;
		if (parser.hasContent() && !parser.isComplete()) {
			return !parser.isChunking() && buffered > parser.getContentLength() - parser.getContentRead();
		}
		return buffered > 0 || readAhead(connection, buffer);
	}

	/**
	 * Read from the kernel, without waiting. What is read goes where Jetty would have put
	 * it, unless parts of a body are still there.
	 */
	private static boolean readAhead(HttpConnection connection, @Nullable RetainableByteBuffer buffer) {
		if (buffer != null && buffer.isRetained()) {
			return false;
		}
		ByteBuffer bytes = BufferUtil.allocate(Math.min(READ_AHEAD, connection.getInputBufferSize()));
		try {
			// with TLS a first call may only process what is no data
			if (connection.getEndPoint().fill(bytes) == 0) {
				connection.getEndPoint().fill(bytes);
			}
		}
		catch (IOException ex) {
			// the client has gone, which whoever writes to it will notice
		}
		if (!bytes.hasRemaining()) {
			return false;
		}
		connection.onUpgradeTo(bytes);
		return true;
	}

	private static Field requestBuffer() {
		Field field = ReflectionUtils.findField(HttpConnection.class, "_requestBuffer");
		Assert.state(field != null, "This version of Jetty has no HttpConnection._requestBuffer");
		ReflectionUtils.makeAccessible(field);
		return field;
	}

}
