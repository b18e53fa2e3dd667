package io.clusterboot.protocol;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a message lies on the wire: one byte that may get lost, four bytes with the length
 * of the message, one byte with the number of descriptors that travel along, four bytes
 * with the length of the payload, the message as JSON, and the payload as it is.
 */
final class FrameCodec {

	/**
	 * Most bytes that a message may have. Messages are far smaller; a length above it is
	 * garbage, and believing it would allocate the memory that it asks for.
	 */
	static final int MAX_LENGTH = 1024 * 1024;

	/** Most bytes that a payload may have. What is allowed to users is less. */
	static final int MAX_PAYLOAD = 64 * 1024 * 1024;

	/** Most descriptors that may travel along. */
	static final int MAX_DESCRIPTORS = 1;

	/**
	 * Lost if the reader has no room for the descriptors that come with it. No length
	 * begins like that.
	 */
	private static final int EXPENDABLE = 0xff;

	/** Bytes before the message, but for the expendable one. */
	private static final int HEADER = Integer.BYTES + 1 + Integer.BYTES;

	private static final byte[] NO_PAYLOAD = new byte[0];

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private static final ObjectWriter WRITER = MAPPER.writerFor(Message.class);

	private static final ObjectReader READER = MAPPER.readerFor(Message.class);

	private FrameCodec() {
	}

	/**
	 * A message as it came off the wire.
	 *
	 * @param message the message
	 * @param descriptors number of descriptors that travelled along
	 * @param payload what else travelled along
	 */
	record Frame(Message message, int descriptors, byte[] payload) {
	}

	static byte[] encode(Message message, int descriptors) {
		return encode(message, descriptors, NO_PAYLOAD);
	}

	static byte[] encode(Message message, int descriptors, byte[] payload) {
		byte[] content = WRITER.writeValueAsBytes(message);
		if (content.length > MAX_LENGTH) {
			throw new IllegalArgumentException("%s of %d bytes is over the limit of %d"
				.formatted(message.getClass().getSimpleName(), content.length, MAX_LENGTH));
		}
		if (payload.length > MAX_PAYLOAD) {
			throw new IllegalArgumentException(
					"A payload of %d bytes is over the limit of %d".formatted(payload.length, MAX_PAYLOAD));
		}
		return ByteBuffer.allocate(1 + HEADER + content.length + payload.length)
			.put((byte) EXPENDABLE)
			.putInt(content.length)
			.put((byte) descriptors)
			.putInt(payload.length)
			.put(content)
			.put(payload)
			.array();
	}

	/**
	 * Read the next frame.
	 * @param in where from
	 * @return the frame, or {@code null} if the other side has closed between two frames
	 * @throws MalformedFrameException if what came is no frame
	 * @throws IOException if reading fails
	 */
	static @Nullable Frame read(DataInputStream in) throws IOException {
		int first = in.read();
		if (first < 0) {
			return null;
		}
		try {
			int present = (first == EXPENDABLE) ? 0 : 1;
			ByteBuffer header = ByteBuffer.allocate(HEADER);
			header.put(0, (byte) first);
			in.readFully(header.array(), present, HEADER - present);
			int length = checked("message", header.getInt(), MAX_LENGTH);
			int descriptors = Byte.toUnsignedInt(header.get());
			if (descriptors > MAX_DESCRIPTORS) {
				throw new MalformedFrameException("a frame promises %d descriptors, over the limit of %d"
					.formatted(descriptors, MAX_DESCRIPTORS));
			}
			int payloadLength = checked("payload", header.getInt(), MAX_PAYLOAD);
			byte[] content = readFully(in, length);
			byte[] payload = readFully(in, payloadLength);
			return new Frame(READER.readValue(content), descriptors, payload);
		}
		catch (EOFException ex) {
			throw new MalformedFrameException("the stream ended in the middle of a frame");
		}
		catch (JacksonException | IllegalArgumentException ex) {
			throw new MalformedFrameException("a frame is not a message: " + ex.getMessage());
		}
	}

	private static int checked(String part, int length, int limit) throws MalformedFrameException {
		if (length < 0 || length > limit) {
			throw new MalformedFrameException(
					"a %s of %d bytes is over the limit of %d".formatted(part, Integer.toUnsignedLong(length), limit));
		}
		return length;
	}

	/**
	 * Allocates as it reads.
	 */
	private static byte[] readFully(DataInputStream in, int length) throws IOException {
		byte[] bytes = in.readNBytes(length);
		if (bytes.length < length) {
			throw new EOFException();
		}
		return bytes;
	}

	/**
	 * What came is no frame.
	 */
	static final class MalformedFrameException extends IOException {

		private static final long serialVersionUID = 1L;

		MalformedFrameException(String message) {
			super(message);
		}

	}

}
