package io.clusterboot.worker;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One HTTP/2 connection, just able to ask for something and to show the frames that come
 * back: HTTP clients hide a GOAWAY. One thread reads while another one asks.
 */
final class Http2Connection implements AutoCloseable {

	static final int DATA = 0;

	static final int HEADERS = 1;

	static final int SETTINGS = 4;

	private static final int PING = 6;

	static final int GOAWAY = 7;

	private static final int WINDOW_UPDATE = 8;

	private static final int ACK = 0x1;

	private static final int END_STREAM = 0x1;

	private static final int END_HEADERS = 0x4;

	/**
	 * Number of bytes that the server may send before it has to be told to go on.
	 */
	private static final int WINDOW = 65_535;

	private final Socket socket;

	private final DataInputStream in;

	private final DataOutputStream out;

	private int unacknowledged;

	private Http2Connection(Socket socket) throws IOException {
		this.socket = socket;
		this.in = new DataInputStream(socket.getInputStream());
		this.out = new DataOutputStream(socket.getOutputStream());
		this.out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
		write(SETTINGS, 0, 0, new byte[0]);
	}

	static Http2Connection open(int port) throws IOException {
		Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
		socket.setTcpNoDelay(true);
		socket.setSoTimeout(Math.toIntExact(PlayedPrimary.DEADLINE.toMillis()));
		return new Http2Connection(socket);
	}

	void get(int stream, String path) throws IOException {
		ByteArrayOutputStream block = new ByteArrayOutputStream();
		header(block, ":method", "GET");
		header(block, ":scheme", "http");
		header(block, ":authority", "localhost");
		header(block, ":path", path);
		write(HEADERS, END_STREAM | END_HEADERS, stream, block.toByteArray());
	}

	/**
	 * A header in HPACK's plainest form: literal, not indexed, not compressed.
	 */
	private static void header(ByteArrayOutputStream block, String name, String value) {
		block.write(0);
		for (String text : new String[] { name, value }) {
			if (text.length() >= 127) {
				throw new IllegalArgumentException("too long: " + text);
			}
			block.write(text.length());
			block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
		}
	}

	private synchronized void write(int type, int flags, int stream, byte[] payload) throws IOException {
		ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
		frame.put((byte) (payload.length >> 16)).putShort((short) payload.length);
		frame.put((byte) type).put((byte) flags).putInt(stream).put(payload);
		this.out.write(frame.array());
	}

	/**
	 * Read frames until one of a type comes; meanwhile acknowledge what asks for it.
	 * @return the frame, or {@code null} if the connection ends first
	 */
	Frame readUntil(int type) throws IOException {
		try {
			Frame frame = read();
			while (frame.type() != type) {
				frame = read();
			}
			return frame;
		}
		catch (EOFException ex) {
			return null;
		}
	}

	Frame read() throws IOException {
		int length = this.in.readUnsignedByte() << 16 | this.in.readUnsignedShort();
		int type = this.in.readUnsignedByte();
		int flags = this.in.readUnsignedByte();
		int stream = this.in.readInt() & Integer.MAX_VALUE;
		byte[] payload = new byte[length];
		this.in.readFully(payload);
		if ((type == SETTINGS || type == PING) && (flags & ACK) == 0) {
			write(type, ACK, 0, (type == PING) ? payload : new byte[0]);
		}
		if (type == DATA) {
			consumed(length);
		}
		return new Frame(type, flags, stream, payload);
	}

	/**
	 * Lets the server send more on this connection. Servers take many small updates for
	 * an attack.
	 */
	private void consumed(int length) throws IOException {
		this.unacknowledged += length;
		if (this.unacknowledged >= WINDOW / 2) {
			write(WINDOW_UPDATE, 0, 0, ByteBuffer.allocate(4).putInt(this.unacknowledged).array());
			this.unacknowledged = 0;
		}
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * A frame.
	 *
	 * @param type its type
	 * @param flags its flags
	 * @param stream its stream
	 * @param payload its payload
	 */
	record Frame(int type, int flags, int stream, byte[] payload) {

		/**
		 * Whether these headers say 200, which every server takes from HPACK's static
		 * table.
		 */
		boolean isStatus200() {
			return this.type == HEADERS && contains((byte) 0x88);
		}

		private boolean contains(byte value) {
			for (byte candidate : this.payload) {
				if (candidate == value) {
					return true;
				}
			}
			return false;
		}

		/**
		 * The error code of a GOAWAY; 0 is none.
		 */
		int errorCode() {
			return ByteBuffer.wrap(this.payload).getInt(4);
		}

		/**
		 * Whether headers or data are the last of their stream.
		 */
		boolean endsStream() {
			return (this.type == HEADERS || this.type == DATA) && (this.flags & END_STREAM) != 0;
		}

		String text() {
			return new String(this.payload, StandardCharsets.UTF_8);
		}

	}

}
