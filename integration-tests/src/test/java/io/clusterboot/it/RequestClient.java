package io.clusterboot.it;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Gets the same thing over and over, on a kept connection or each time on a new one.
 */
final class RequestClient extends HttpLoadClient {

	private final String path;

	private final Pattern body;

	private final boolean keepAlive;

	/**
	 * Create a client.
	 * @param source opens its connections
	 * @param path what to get
	 * @param body pattern of the body; its first group is the pid of the process that
	 * answered
	 * @param keepAlive whether to keep a connection as long as the server lets us
	 */
	RequestClient(HttpConnection.Source source, String path, Pattern body, boolean keepAlive) {
		super(source);
		this.path = path;
		this.body = body;
		this.keepAlive = keepAlive;
	}

	@Override
	boolean exchange(HttpConnection connection, boolean fresh, Call call) throws IOException {
		connection.send("GET", this.path, new byte[0], this.keepAlive ? "Connection: keep-alive" : "Connection: close");
		HttpConnection.Reply reply = connection.read();
		Matcher matcher = this.body.matcher(reply.body());
		return call.answered(reply, matcher.find() ? Long.valueOf(matcher.group(1)) : null) && this.keepAlive;
	}

}
