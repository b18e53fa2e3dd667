package io.clusterboot.worker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.clusterboot.protocol.Occurrence;
import io.clusterboot.worker.OccurrenceQueue.Reader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OccurrenceQueue}.
 */
@ExtendWith(OutputCaptureExtension.class)
class OccurrenceQueueTests {

	private final OccurrenceQueue queue = new OccurrenceQueue(3);

	@Test
	void whatHappenedBeforeSomebodyReadsIsKeptInOrder() throws Exception {
		add(1, 2);
		Reader reader = this.queue.read();
		add(3);
		assertThat(reader.next()).isEqualTo(occurrence(1));
		assertThat(reader.next()).isEqualTo(occurrence(2));
		assertThat(reader.next()).isEqualTo(occurrence(3));
	}

	@Test
	void theOldestAreDroppedAndTheLogSaysSo(CapturedOutput output) throws Exception {
		add(1, 2, 3, 4, 5);
		assertThat(output).containsOnlyOnce("3 cluster events wait for the application's listeners");
		Reader reader = this.queue.read();
		assertThat(reader.next()).isEqualTo(occurrence(3));
		assertThat(output).contains("2 cluster events have been dropped");
	}

	@Test
	void aReaderWaits() throws Exception {
		CompletableFuture<@Nullable Occurrence> next = next(this.queue.read());
		assertThat(next).isNotDone();
		add(1);
		assertThat(next.get(3, TimeUnit.MINUTES)).isEqualTo(occurrence(1));
	}

	@Test
	void aReaderThatIsClosedGetsNothingMore() throws Exception {
		Reader reader = this.queue.read();
		CompletableFuture<@Nullable Occurrence> next = next(reader);
		reader.close();
		assertThat(next.get(3, TimeUnit.MINUTES)).isNull();
		add(1);
		assertThat(reader.next()).isNull();
	}

	@Test
	void onlyTheFirstReaderGetsAnything() throws Exception {
		Reader first = this.queue.read();
		Reader second = this.queue.read();
		add(1, 2);
		assertThat(second.next()).isNull();
		assertThat(first.next()).isEqualTo(occurrence(1));
		first.close();
		assertThat(this.queue.read().next()).isEqualTo(occurrence(2));
	}

	private void add(int... numbers) {
		for (int number : numbers) {
			this.queue.add(occurrence(number));
		}
	}

	private static Occurrence occurrence(int number) {
		return new Occurrence.Scaled(number, number + 1);
	}

	private static CompletableFuture<@Nullable Occurrence> next(Reader reader) {
		return CompletableFuture.supplyAsync(() -> {
			try {
				return reader.next();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
	}

}
