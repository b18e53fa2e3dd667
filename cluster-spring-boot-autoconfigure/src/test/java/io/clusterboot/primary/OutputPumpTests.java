package io.clusterboot.primary;

import java.io.ByteArrayOutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OutputPump}.
 */
class OutputPumpTests {

	private static final Duration DEADLINE = Duration.ofMinutes(3);

	private final List<String> pieces = new ArrayList<>();

	private final PrintStream out = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8) {

		@Override
		public void write(byte[] bytes, int offset, int length) {
			OutputPumpTests.this.pieces.add(new String(bytes, offset, length, StandardCharsets.UTF_8));
		}

	};

	@Test
	void aLineArrivesWholeHoweverItWasWritten() throws Exception {
		PipedOutputStream worker = new PipedOutputStream();
		OutputPump pump = OutputPump.start("test", new PipedInputStream(worker), this.out, new OutputTail());
		try (worker) {
			for (byte b : "first line\nsecond".getBytes(StandardCharsets.UTF_8)) {
				worker.write(b);
				worker.flush();
			}
			worker.write(" line\n".getBytes(StandardCharsets.UTF_8));
		}
		pump.await(DEADLINE);
		assertThat(this.pieces).isNotEmpty().allMatch((piece) -> piece.endsWith("\n"));
		assertThat(String.join("", this.pieces)).isEqualTo("first line\nsecond line\n");
	}

	@Test
	void anUnfinishedLastLineIsFinished() throws Exception {
		PipedOutputStream worker = new PipedOutputStream();
		OutputPump pump = OutputPump.start("test", new PipedInputStream(worker), this.out, new OutputTail());
		try (worker) {
			worker.write("no end".getBytes(StandardCharsets.UTF_8));
		}
		pump.await(DEADLINE);
		assertThat(this.pieces).containsExactly("no end\n");
	}

	@Test
	void aVeryLongLineIsPassedOnInPiecesAndNotKept() throws Exception {
		String line = "x".repeat(3 * 1024 * 1024) + "\n";
		PipedOutputStream worker = new PipedOutputStream();
		OutputPump pump = OutputPump.start("test", new PipedInputStream(worker, 64 * 1024), this.out, new OutputTail());
		try (worker) {
			worker.write(line.getBytes(StandardCharsets.UTF_8));
		}
		pump.await(DEADLINE);
		assertThat(this.pieces).hasSizeGreaterThan(1);
		assertThat(String.join("", this.pieces)).isEqualTo(line);
	}

}
