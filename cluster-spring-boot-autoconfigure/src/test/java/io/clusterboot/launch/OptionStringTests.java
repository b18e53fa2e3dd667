package io.clusterboot.launch;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OptionString}.
 */
class OptionStringTests {

	@Test
	void splitsAtWhiteSpaceOutsideQuotes() {
		assertThat(OptionString.split(" -Da=1\t-Db=\"x y\"\n'-Dc=\"z\"' -Dd=\\n ")).containsExactly("-Da=1", "-Db=x y",
				"-Dc=\"z\"", "-Dd=\\n");
	}

	@Test
	void joinsPlainOptionsPlainly() {
		assertThat(OptionString.join(List.of("-Da=1", "-Xmx1g"))).isEqualTo("-Da=1 -Xmx1g");
	}

	@ParameterizedTest
	@ValueSource(strings = { "a b", "\"", "'", "it's \"so\"", "", "\"\"", "a\nb", "\\", "é ü" })
	void readsWhatItJoins(String option) {
		List<String> options = List.of("-Da=" + option, option, "-Db");
		assertThat(OptionString.split(OptionString.join(options))).isEqualTo(options);
	}

}
