package io.clusterboot.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

import org.awaitility.core.ConditionTimeoutException;

import static org.awaitility.Awaitility.await;

/**
 * All processes that descend from one that a test started, orphans included: they are
 * found by a variable that they inherit in their environment.
 */
final class ProcessTree {

	static final String MARK = "CLUSTERBOOT_TEST_RUN";

	private final String mark = UUID.randomUUID().toString();

	private final Set<ProcessHandle> seen = new LinkedHashSet<>();

	private ProcessHandle root;

	void mark(ProcessBuilder builder) {
		builder.environment().put(MARK, this.mark);
	}

	void root(ProcessHandle root) {
		this.root = root;
		this.seen.add(root);
	}

	/**
	 * The living children of the root.
	 */
	List<ProcessHandle> children() {
		look();
		return this.root.children().filter(ProcessHandle::isAlive).toList();
	}

	/**
	 * Every living process of the tree. A process handle knows when its process started,
	 * so another that was given the same pid since is not taken for it.
	 */
	synchronized List<ProcessHandle> alive() {
		look();
		return this.seen.stream().filter(ProcessHandle::isAlive).toList();
	}

	/**
	 * Wait for the processes to end.
	 * @return those that have not ended within the limit
	 */
	List<ProcessHandle> awaitEnd(Duration limit) {
		try {
			await().atMost(limit).pollInterval(Duration.ofMillis(20)).until(() -> alive().isEmpty());
			return List.of();
		}
		catch (ConditionTimeoutException ex) {
			return alive();
		}
	}

	/**
	 * End all processes, at once, and wait for it.
	 */
	void destroy() {
		for (List<ProcessHandle> left = alive(); !left.isEmpty(); left = awaitEnd(Duration.ofSeconds(1))) {
			left.forEach(ProcessHandle::destroyForcibly);
		}
	}

	private synchronized void look() {
		this.root.descendants().forEach(this.seen::add);
		Path processes = Path.of("/proc");
		if (!Files.isDirectory(processes)) {
			return;
		}
		try (Stream<Path> entries = Files.list(processes)) {
			entries.filter(this::isMarked)
				.map((entry) -> Long.parseLong(entry.getFileName().toString()))
				.forEach((pid) -> ProcessHandle.of(pid).ifPresent(this.seen::add));
		}
		catch (IOException ex) {
			throw new IllegalStateException("cannot list processes", ex);
		}
	}

	private boolean isMarked(Path entry) {
		if (!entry.getFileName().toString().chars().allMatch(Character::isDigit)) {
			return false;
		}
		try {
			String environment = new String(Files.readAllBytes(entry.resolve("environ")), StandardCharsets.ISO_8859_1);
			return environment.contains(MARK + "=" + this.mark);
		}
		catch (IOException ex) {
			// ended meanwhile, or another user's
			return false;
		}
	}

}
