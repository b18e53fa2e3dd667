package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What the threads of another process do, as Linux tells it.
 */
final class ProcessThreads {

	private ProcessThreads() {
	}

	/**
	 * Whether none of them runs any more after a SIGSTOP, which reaches one after the
	 * other.
	 * @param pid the process
	 */
	static boolean areStopped(long pid) {
		return tasks(pid).stream().map(ProcessThreads::state).filter(Objects::nonNull).allMatch("T"::equals);
	}

	/**
	 * Whether all those of Tomcat wait for something, among them the one that accepts.
	 * @param pid the process
	 */
	static boolean ofTomcatAreAsleep(long pid) {
		return tasks(pid).stream()
			.filter((task) -> read(task, "comm").startsWith("http-ni"))
			.map(ProcessThreads::state)
			.filter(Objects::nonNull)
			.allMatch("S"::equals);
	}

	/**
	 * How many wait for a connection in {@code accept(2)}.
	 * @param pid the process
	 */
	static long inAccept(long pid) {
		return tasks(pid).stream()
			.map((task) -> read(task, "wchan"))
			.filter((function) -> function.contains("accept") || function.contains("wait_for_connect"))
			.count();
	}

	/**
	 * The name of a thread may contain anything, so what follows its last bracket counts.
	 */
	private static String state(Path task) {
		String stat = read(task, "stat");
		int name = stat.lastIndexOf(')');
		return (name >= 0) ? stat.substring(name + 2, name + 3) : null;
	}

	private static List<Path> tasks(long pid) {
		try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
			return tasks.toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String read(Path task, String file) {
		try {
			return Files.readString(task.resolve(file));
		}
		catch (NoSuchFileException ex) {
			return "";
		}
		catch (IOException ex) {
			// a thread that ends while it is looked at
			return "";
		}
	}

}
