package io.clusterboot.worker.jetty;

import java.nio.ByteBuffer;

import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * The last thing that an exchange passes before it is bytes, below everything that the
 * application can configure.
 */
final class TrackedStream extends HttpStream.Wrapper {

	private final Exchange exchange;

	TrackedStream(HttpStream stream, Exchange exchange) {
		super(stream);
		this.exchange = exchange;
	}

	/**
	 * The headers of a response come with its first bytes. What is changed now still
	 * counts.
	 */
	@Override
	public void send(MetaData.Request request, MetaData.@Nullable Response response, boolean last,
			@Nullable ByteBuffer content, Callback callback) {
		MetaData.Response sent = (response != null && this.exchange.isDraining()) ? lastOrNot(response, last)
				: response;
		super.send(request, sent, last, content, callback);
	}

	private MetaData.Response lastOrNot(MetaData.Response response, boolean last) {
		HttpConnection connection = this.exchange.http1Connection();
		return (connection != null) ? LastResponse.of(response, last, connection) : response;
	}

	@Override
	public void succeeded() {
		this.exchange.noteUpgrade();
		this.exchange.end();
		super.succeeded();
	}

	@Override
	public void failed(Throwable failure) {
		this.exchange.end();
		super.failed(failure);
	}

}
