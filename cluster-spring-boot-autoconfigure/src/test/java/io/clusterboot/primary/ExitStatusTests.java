package io.clusterboot.primary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ExitStatus}.
 */
class ExitStatusTests {

	@ParameterizedTest
	@ValueSource(strings = { "KILL", "TERM", "SEGV" })
	void namesTheSignalThatARealProcessDiedOf(String signal) throws Exception {
		Process process = new ProcessBuilder("sh", "-c", "kill -" + signal + " $$").start();
		ExitStatus status = new ExitStatus(process.waitFor());
		assertThat(status.signal()).isEqualTo("SIG" + signal);
		assertThat(status).hasToString("ended by SIG" + signal);
	}

	@Test
	void anExitCodeIsNoSignal() {
		assertThat(new ExitStatus(1).signal()).isNull();
		assertThat(new ExitStatus(255).signal()).isNull();
		assertThat(new ExitStatus(1)).hasToString("exit code 1");
	}

	@Test
	void outOfMemoryIsSaidInWords() {
		assertThat(new ExitStatus(3).toString()).contains("out of memory");
	}

}
