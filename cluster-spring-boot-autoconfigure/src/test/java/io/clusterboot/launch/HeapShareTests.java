package io.clusterboot.launch;

import java.util.List;
import java.util.Locale;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link HeapShare}.
 */
class HeapShareTests {

	private static final long GIGABYTE = 1L << 30;

	private static final VmFlags DEFAULTS = new VmFlags(false, GIGABYTE, 4 * GIGABYTE, false);

	private static final VmFlags CHOSEN = new VmFlags(true, GIGABYTE, 4 * GIGABYTE, false);

	@ParameterizedTest
	@CsvSource({ "1, 25.00", "2, 25.00", "3, 18.75", "4, 15.00", "8, 8.33", "64, 1.15" })
	void workersAndOneReplacementShareThreeQuarters(int workers, String percentage) {
		assertThat(new HeapShare(DEFAULTS, List.of()).options(workers))
			.containsExactly("-XX:MaxRAMPercentage=" + percentage, "-XX:MinRAMPercentage=" + percentage);
	}

	@Test
	void percentageDoesNotDependOnTheLocale() {
		Locale locale = Locale.getDefault();
		try {
			Locale.setDefault(Locale.GERMANY);
			assertThat(new HeapShare(DEFAULTS, List.of()).options(3)).contains("-XX:MaxRAMPercentage=18.75");
		}
		finally {
			Locale.setDefault(locale);
		}
	}

	@Test
	void heapOfTheUserIsLeftAlone() {
		assertThat(new HeapShare(CHOSEN, List.of()).options(4)).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "-Xmx1g", "-XX:MaxHeapSize=1g", "-XX:MaxRAMPercentage=10", "-XX:MaxRAM=1g" })
	void heapOfWorkersIsLeftAlone(String option) {
		assertThat(new HeapShare(DEFAULTS, List.of(option)).options(4)).isEmpty();
	}

	@Test
	void jvmThatSaysNothingIsLeftAlone() {
		assertThat(new HeapShare(null, List.of()).options(4)).isEmpty();
		assertThat(new HeapShare(null, List.of()).warnings(4)).isEmpty();
	}

	@Test
	void heapsThatFitAreFine() {
		assertThat(new HeapShare(CHOSEN, List.of()).warnings(4)).isEmpty();
		assertThat(new HeapShare(DEFAULTS, List.of()).warnings(64)).isEmpty();
	}

	@Test
	void heapsThatDoNotFitAreWarnedOf() {
		assertThat(new HeapShare(CHOSEN, List.of()).warnings(5)).singleElement()
			.asString()
			.contains("5 workers", "1024 MB", "4096 MB");
	}

	@Test
	void workersThatRunKeepTheirHeap() {
		assertThat(new HeapShare(DEFAULTS, List.of()).notesOnGrowth(1, 2)).isEmpty();
		assertThat(new HeapShare(CHOSEN, List.of()).notesOnGrowth(2, 4)).isEmpty();
		assertThat(new HeapShare(DEFAULTS, List.of()).notesOnGrowth(2, 4)).singleElement()
			.asString()
			.contains("15.00%", "25.00%", "reload");
	}

	@Test
	void heapOfWorkersCounts() {
		assertThat(new HeapShare(CHOSEN, List.of("-Xmx512m")).warnings(8)).isEmpty();
		assertThat(new HeapShare(DEFAULTS, List.of("-Xmx3g")).warnings(2)).hasSize(1);
	}

}
