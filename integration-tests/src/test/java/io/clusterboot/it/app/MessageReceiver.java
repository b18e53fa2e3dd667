package io.clusterboot.it.app;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import io.clusterboot.messaging.ClusterMessage;
import io.clusterboot.messaging.ClusterMessageListener;

import org.springframework.stereotype.Component;

/**
 * Receives messages of other workers.
 */
@Component
class MessageReceiver {

	private final List<String> received = new CopyOnWriteArrayList<>();

	List<String> received() {
		return this.received;
	}

	@ClusterMessageListener(topic = "note")
	void note(ClusterMessage message, Note note) {
		this.received.add(message.sender() + ":" + note.text() + ":" + note.numbers());
	}

	@ClusterMessageListener(topic = "count")
	void count(int number) {
		this.received.add(Integer.toString(number));
	}

	@ClusterMessageListener(topic = "sums")
	Map<String, Long> sums(Map<String, List<Note>> notes) {
		Map<String, Long> sums = new TreeMap<>();
		notes.forEach((key, value) -> sums.put(key,
				value.stream().flatMap((note) -> note.numbers().stream()).mapToLong(Integer::longValue).sum()));
		return sums;
	}

	@ClusterMessageListener(topic = "pid")
	CompletableFuture<Long> pid() {
		return CompletableFuture.supplyAsync(() -> ProcessHandle.current().pid());
	}

	@ClusterMessageListener(topic = "wait")
	long await(String gate) throws InterruptedException {
		this.received.add("waits");
		FileGate.awaitFile(Path.of(gate), Duration.ofMinutes(5));
		return ProcessHandle.current().pid();
	}

	@ClusterMessageListener(topic = "fail")
	String fail(String text) {
		throw new IllegalStateException("cannot " + text);
	}

	@ClusterMessageListener(topic = "bytes")
	int bytes(String text) {
		return text.length();
	}

	/**
	 * A message.
	 *
	 * @param text a text
	 * @param numbers some numbers
	 */
	record Note(String text, List<Integer> numbers) {
	}

}
