package io.clusterboot.primary;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OutputTail}.
 */
class OutputTailTests {

	private final OutputTail tail = new OutputTail();

	@Test
	void keepsFewLinesWhole() {
		add("first\nsec");
		add("ond\n");
		assertThat(this.tail.lines()).containsExactly("first", "second");
	}

	@Test
	void keepsTheLastFiftyLines() {
		IntStream.rangeClosed(1, 1000).forEach((i) -> add("line " + i + "\n"));
		assertThat(this.tail.lines()).hasSize(50).startsWith("line 951").endsWith("line 1000");
	}

	@Test
	void keepsTheEndOfWhatIsTooLong() {
		add("x".repeat(100_000) + "\n");
		add("last\n");
		assertThat(this.tail.lines()).hasSize(2).last().isEqualTo("last");
		assertThat(this.tail.lines().get(0)).matches("x{1000,32768}");
	}

	private void add(String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		this.tail.add(bytes, bytes.length);
	}

}
