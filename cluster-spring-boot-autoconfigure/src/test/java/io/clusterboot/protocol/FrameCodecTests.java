package io.clusterboot.protocol;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

import io.clusterboot.protocol.FrameCodec.Frame;
import io.clusterboot.protocol.FrameCodec.MalformedFrameException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Frames of all lengths that there may be, to the byte.
 */
class FrameCodecTests {

	private static final Message MESSAGE = new FromWorker.Describe(1);

	private static Frame read(byte[] bytes) throws IOException {
		return FrameCodec.read(new DataInputStream(new ByteArrayInputStream(bytes)));
	}

	/**
	 * A frame whose message is filled up with blanks, which mean nothing in JSON.
	 */
	private static byte[] frameOf(int length) {
		byte[] shortest = FrameCodec.encode(MESSAGE, 0);
		int header = 1 + Integer.BYTES + 1 + Integer.BYTES;
		byte[] frame = Arrays.copyOf(shortest, header + length);
		Arrays.fill(frame, shortest.length, frame.length, (byte) ' ');
		ByteBuffer.wrap(frame).putInt(1, length);
		return frame;
	}

	@Test
	void framesFollowEachOtherWithoutAGap() throws IOException {
		byte[] first = FrameCodec.encode(MESSAGE, 1, new byte[] { 1, 2, 3 });
		byte[] second = FrameCodec.encode(new FromWorker.Describe(2), 0);
		DataInputStream in = new DataInputStream(new ByteArrayInputStream(
				ByteBuffer.allocate(first.length + second.length).put(first).put(second).array()));
		Frame frame = FrameCodec.read(in);
		assertThat(frame.message()).isEqualTo(MESSAGE);
		assertThat(frame.descriptors()).isOne();
		assertThat(frame.payload()).containsExactly(1, 2, 3);
		assertThat(FrameCodec.read(in).message()).isEqualTo(new FromWorker.Describe(2));
		assertThat(FrameCodec.read(in)).isNull();
	}

	@Test
	void aMessageMayBeAsLongAsTheLimitAndNoLonger() throws IOException {
		assertThat(read(frameOf(FrameCodec.MAX_LENGTH)).message()).isEqualTo(MESSAGE);
		assertThatExceptionOfType(MalformedFrameException.class)
			.isThrownBy(() -> read(frameOf(FrameCodec.MAX_LENGTH + 1)))
			.withMessageContaining("a message of 1048577 bytes is over the limit of 1048576");
	}

	@Test
	void aPayloadMayBeAsLongAsTheLimitAndNoLonger() throws IOException {
		byte[] longest = FrameCodec.encode(MESSAGE, 0, new byte[FrameCodec.MAX_PAYLOAD]);
		assertThat(read(longest).payload()).hasSize(FrameCodec.MAX_PAYLOAD);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> FrameCodec.encode(MESSAGE, 0, new byte[FrameCodec.MAX_PAYLOAD + 1]));
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 5, 9, 20 })
	void aFrameWithoutItsEndIsNone(int missing) {
		byte[] whole = FrameCodec.encode(MESSAGE, 0, new byte[12]);
		assertThatExceptionOfType(MalformedFrameException.class)
			.isThrownBy(() -> read(Arrays.copyOf(whole, whole.length - missing)))
			.withMessageContaining("ended in the middle of a frame");
	}

}
