package io.clusterboot.primary;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RefusedConnections}.
 */
@ExtendWith(OutputCaptureExtension.class)
class RefusedConnectionsTests {

	private final List<Runnable> inAMinute = new ArrayList<>();

	private final RefusedConnections refused = new RefusedConnections(this.inAMinute::add);

	@Test
	void aFloodFillsNoLogAndIsCounted(CapturedOutput output) {
		add(1, 100_000);
		assertThat(output.getAll().lines().filter((line) -> line.contains("refused: "))).hasSize(10)
			.last()
			.asString()
			.endsWith("refused: 10");
		this.inAMinute.remove(0).run();
		assertThat(output).contains(
				"99990 more connections to the cluster's socket were refused within a minute, 100000 since its start");
		assertThat(this.inAMinute).isEmpty();
	}

	@Test
	void afterAMinuteEachIsToldAgain(CapturedOutput output) {
		add(1, 1);
		this.inAMinute.remove(0).run();
		assertThat(output).doesNotContain("more connections");
		add(2, 11);
		assertThat(output).contains("refused: 2").contains("refused: 11");
		assertThat(this.inAMinute).hasSize(1);
	}

	private void add(int first, int last) {
		for (int i = first; i <= last; i++) {
			this.refused.add("refused: " + i);
		}
	}

}
