package io.clusterboot.worker;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import javax.net.ssl.SSLContext;

/**
 * One HTTP/1.1 connection on which a test writes bytes as it likes: parts of requests, or
 * several at once. It is strict about what comes back: a response that is cut off is an
 * error.
 */
final class RawConnection implements AutoCloseable {

	private final Socket socket;

	private final InputStream in;

	private RawConnection(Socket socket) throws IOException {
		this.socket = socket;
		this.in = new BufferedInputStream(socket.getInputStream());
	}

	static RawConnection open(int port) throws IOException {
		return new RawConnection(connect(port));
	}

	/**
	 * Connect with TLS.
	 */
	static RawConnection open(int port, SSLContext context) throws IOException {
		Socket plain = connect(port);
		return new RawConnection(context.getSocketFactory().createSocket(plain, "127.0.0.1", port, true));
	}

	private static Socket connect(int port) throws IOException {
		int timeout = Math.toIntExact(PlayedPrimary.DEADLINE.toMillis());
		Socket socket = new Socket();
		try {
			socket.setTcpNoDelay(true);
			socket.setSoTimeout(timeout);
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeout);
			return socket;
		}
		catch (IOException ex) {
			socket.close();
			throw ex;
		}
	}

	static String get(String path) {
		return request("GET", path, "");
	}

	static String post(String path, String body) {
		return request("POST", path, "Content-Length: %d\r\n".formatted(body.length())) + body;
	}

	static String request(String method, String path, String headers) {
		return "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n".formatted(method, path.replace(" ", "%20"), headers);
	}

	/**
	 * Write in one go.
	 */
	void write(String bytes) throws IOException {
		this.socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
	}

	/**
	 * Ask and wait for the answer.
	 */
	Reply ask(String request) throws IOException {
		write(request);
		return read();
	}

	Reply read() throws IOException {
		return read(false);
	}

	/**
	 * Read a response, of which there is no body if the request was HEAD.
	 */
	Reply read(boolean head) throws IOException {
		Reply start = readHead();
		if (head || start.status() == 204 || start.status() == 304) {
			return start;
		}
		return new Reply(start.status(), start.headers(), new String(readBody(start), StandardCharsets.UTF_8));
	}

	/**
	 * Read the status line and the headers of a response.
	 */
	Reply readHead() throws IOException {
		int status = Integer.parseInt(readLine().split(" ")[1]);
		Map<String, String> headers = new TreeMap<>();
		for (String line = readLine(); !line.isEmpty(); line = readLine()) {
			int colon = line.indexOf(':');
			headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
		}
		return new Reply(status, headers, "");
	}

	private byte[] readBody(Reply head) throws IOException {
		if ("chunked".equals(head.headers().get("transfer-encoding"))) {
			ByteArrayOutputStream body = new ByteArrayOutputStream();
			for (byte[] chunk = readChunk(); chunk.length > 0; chunk = readChunk()) {
				body.writeBytes(chunk);
			}
			return body.toByteArray();
		}
		String length = head.headers().get("content-length");
		if (length == null) {
			throw new IOException("The end of this response cannot be told from its loss: " + head);
		}
		return readFully(Integer.parseInt(length));
	}

	/**
	 * The next chunk of a body, empty at its end.
	 */
	byte[] readChunk() throws IOException {
		byte[] chunk = readFully(Integer.parseInt(readLine(), 16));
		readLine();
		return chunk;
	}

	byte[] readFully(int length) throws IOException {
		byte[] bytes = this.in.readNBytes(length);
		if (bytes.length < length) {
			throw new EOFException("%d of %d bytes".formatted(bytes.length, length));
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
	 * Wait for the server to close this connection, on which no response is awaited.
	 */
	boolean isClosedByServer() throws IOException {
		return this.in.read() == -1;
	}

	/**
	 * Wait for the server to close this connection, whatever it says before.
	 */
	void skipToEnd() throws IOException {
		this.in.transferTo(OutputStream.nullOutputStream());
	}

	int localPort() {
		return this.socket.getLocalPort();
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * A response.
	 *
	 * @param status its status
	 * @param headers its headers, names in lower case
	 * @param body its body
	 */
	record Reply(int status, Map<String, String> headers, String body) {

		boolean closes() {
			return "close".equalsIgnoreCase(this.headers.get("connection"));
		}

	}

}
