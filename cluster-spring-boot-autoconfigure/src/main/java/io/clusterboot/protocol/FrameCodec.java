package io.clusterboot.protocol;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a message lies on the wire: four bytes with the length of what follows, one byte
 * with the number of descriptors that travel along, and the message as JSON.
 */
final class FrameCodec {

	/**
	 * Most bytes that a frame's content may have. Messages are far smaller; a length
	 * above it is garbage, and believing it would allocate the memory that it asks for.
	 */
	static final int MAX_LENGTH = 1024 * 1024;

	private static final int HEADER = Integer.BYTES + 1;

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private FrameCodec() {
	}

	/**
	 * A message as it came off the wire.
	 *
	 * @param message the message
	 * @param descriptors number of descriptors that travelled along
	 */
	record Frame(Message message, int descriptors) {
	}

	static byte[] encode(Message message, int descriptors) {
		byte[] content = MAPPER.writerFor(Message.class).writeValueAsBytes(message);
		if (content.length > MAX_LENGTH) {
			throw new IllegalArgumentException("%s of %d bytes is over the limit of %d"
				.formatted(message.getClass().getSimpleName(), content.length, MAX_LENGTH));
		}
		return ByteBuffer.allocate(HEADER + content.length)
			.putInt(content.length)
			.put((byte) descriptors)
			.put(content)
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
			byte[] rest = in.readNBytes(HEADER - 1);
			if (rest.length < HEADER - 1) {
				throw new EOFException();
			}
			int length = first << 24 | (rest[0] & 0xff) << 16 | (rest[1] & 0xff) << 8 | rest[2] & 0xff;
			if (length < 0 || length > MAX_LENGTH) {
				throw new MalformedFrameException("a frame of %d bytes is over the limit of %d"
					.formatted(Integer.toUnsignedLong(length), MAX_LENGTH));
			}
			byte[] content = new byte[length];
			in.readFully(content);
			return new Frame(MAPPER.readValue(content, Message.class), rest[3] & 0xff);
		}
		catch (EOFException ex) {
			throw new MalformedFrameException("the stream ended in the middle of a frame");
		}
		catch (JacksonException | IllegalArgumentException ex) {
			throw new MalformedFrameException("a frame is not a message: " + ex.getMessage());
		}
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
