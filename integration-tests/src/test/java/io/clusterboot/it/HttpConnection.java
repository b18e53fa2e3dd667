package io.clusterboot.it;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import javax.net.ssl.SSLContext;

/**
 * One HTTP/1.1 connection, bare: unlike an HTTP client it neither repeats a request nor
 * opens another connection, so that a test sees what happens to each.
 */
final class HttpConnection implements AutoCloseable {

	private static final int END = -1;

	private static final int NOTHING = -2;

	private final Socket socket;

	private final InputStream in;

	private HttpConnection(Socket socket) throws IOException {
		this.socket = socket;
		this.in = new BufferedInputStream(socket.getInputStream());
	}

	/**
	 * Connect to a port of this machine.
	 * @param port the port
	 * @param timeout longest wait for the connection, and for each reply
	 */
	static HttpConnection open(int port, Duration timeout) throws IOException {
		return open(port, timeout, null);
	}

	/**
	 * Connect to a port of this machine.
	 * @param port the port
	 * @param timeout longest wait for the connection, and for each reply
	 * @param tls knows whom to trust; {@code null} is plain text
	 */
	static HttpConnection open(int port, Duration timeout, SSLContext tls) throws IOException {
		return new HttpConnection(
				(tls != null) ? ClientSockets.tls(port, timeout, tls, "http/1.1") : ClientSockets.plain(port, timeout));
	}

	static void closeQuietly(HttpConnection connection) {
		try {
			if (connection != null) {
				connection.close();
			}
		}
		catch (IOException ex) {
			// nothing is awaited from it any more
		}
	}

	Reply get(String path) throws IOException {
		send("GET", path, new byte[0]);
		return read();
	}

	Reply post(String path, byte[] body) throws IOException {
		send("POST", path, body);
		return read();
	}

	void send(String method, String path, byte[] body, String... headers) throws IOException {
		StringBuilder head = new StringBuilder(
				"%s %s HTTP/1.1\r\nHost: localhost\r\n".formatted(method, path.replace(" ", "%20")));
		for (String header : headers) {
			head.append(header).append("\r\n");
		}
		if (!"GET".equals(method)) {
			head.append("Content-Length: ").append(body.length).append("\r\n");
		}
		head.append("\r\n");
		ByteArrayOutputStream message = new ByteArrayOutputStream();
		message.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
		message.writeBytes(body);
		write(message.toByteArray());
	}

	/**
	 * Send what is no whole request, or more than one.
	 */
	void write(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
	}

	Reply read() throws IOException {
		Reply head = readHead();
		return new Reply(head.status(), head.headers(), new String(readBody(head.headers()), StandardCharsets.UTF_8));
	}

	/**
	 * Read a reply but for its body.
	 */
	Reply readHead() throws IOException {
		String statusLine = readLine();
		int status = Integer.parseInt(statusLine.split(" ")[1]);
		Map<String, String> headers = new TreeMap<>();
		for (String line = readLine(); !line.isEmpty(); line = readLine()) {
			int colon = line.indexOf(':');
			headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
		}
		return new Reply(status, headers, "");
	}

	private byte[] readBody(Map<String, String> headers) throws IOException {
		if ("chunked".equals(headers.get("transfer-encoding"))) {
			ByteArrayOutputStream body = new ByteArrayOutputStream();
			for (byte[] chunk = readChunk(); chunk.length > 0; chunk = readChunk()) {
				body.writeBytes(chunk);
			}
			return body.toByteArray();
		}
		if (headers.containsKey("content-length")) {
			return readFully(Integer.parseInt(headers.get("content-length")));
		}
		return this.in.readAllBytes();
	}

	/**
	 * Read a chunk of a body that comes in chunks.
	 * @return the chunk; an empty one is the last
	 */
	byte[] readChunk() throws IOException {
		byte[] chunk = readFully(Integer.parseInt(readLine(), 16));
		readLine();
		return chunk;
	}

	private byte[] readFully(int length) throws IOException {
		byte[] bytes = this.in.readNBytes(length);
		if (bytes.length < length) {
			throw new EOFException("%d of %d bytes of the body".formatted(bytes.length, length));
		}
		return bytes;
	}

	private String readLine() throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		for (int next = this.in.read(); next != '\n'; next = this.in.read()) {
			if (next == -1) {
				throw new EOFException("after '" + line + "'");
			}
			if (next != '\r') {
				line.write(next);
			}
		}
		return line.toString(StandardCharsets.ISO_8859_1);
	}

	/**
	 * Whether anything comes from the server, be it the end of the connection. What comes
	 * stays to be read.
	 * @param wait longest time to wait for it
	 */
	boolean isAnswered(Duration wait) throws IOException {
		return peek(wait) != NOTHING;
	}

	/**
	 * Whether the server closes this connection, on which no reply is awaited.
	 * @param wait longest time to wait for that
	 */
	boolean isClosedByServer(Duration wait) throws IOException {
		return peek(wait) == END;
	}

	private int peek(Duration wait) throws IOException {
		int timeout = this.socket.getSoTimeout();
		this.socket.setSoTimeout(Math.max(1, Math.toIntExact(wait.toMillis())));
		this.in.mark(1);
		try {
			int next = this.in.read();
			this.in.reset();
			return next;
		}
		catch (SocketTimeoutException ex) {
			return NOTHING;
		}
		finally {
			this.socket.setSoTimeout(timeout);
		}
	}

	int localPort() {
		return this.socket.getLocalPort();
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * Opens connections, all alike.
	 */
	interface Source {

		HttpConnection open() throws IOException;

	}

	/**
	 * A reply.
	 *
	 * @param status its status
	 * @param headers its headers, names in lower case
	 * @param body its body
	 */
	record Reply(int status, Map<String, String> headers, String body) {

		/**
		 * Whether the server announces that it closes the connection.
		 */
		boolean closes() {
			return "close".equalsIgnoreCase(this.headers.get("connection"));
		}

		long pid() {
			return Long.parseLong(this.body.trim());
		}

	}

}
