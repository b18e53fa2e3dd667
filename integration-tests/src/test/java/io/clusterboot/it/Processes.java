package io.clusterboot.it;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Processes that a test knows by their pids.
 */
final class Processes {

	private Processes() {
	}

	/**
	 * Send a signal to processes, all with one command.
	 * @param name the signal's name, as in {@code TERM}
	 * @param pids the processes
	 */
	static void signal(String name, List<Long> pids) {
		List<String> command = new ArrayList<>(List.of("kill", "-" + name));
		pids.forEach((pid) -> command.add(Long.toString(pid)));
		try {
			Process kill = new ProcessBuilder(command).redirectErrorStream(true).start();
			String output = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			if (kill.waitFor() != 0) {
				throw new IllegalStateException(command + " failed: " + output);
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException(command + " failed", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Number of open descriptors of a process.
	 */
	static int openDescriptors(long pid) {
		String[] descriptors = new File("/proc/" + pid + "/fd").list();
		if (descriptors == null) {
			throw new IllegalStateException("cannot list the descriptors of process " + pid);
		}
		return descriptors.length;
	}

	/**
	 * The command line of a process, exactly.
	 */
	static List<String> commandLine(long pid) throws IOException {
		String words = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
		return List.of(words.substring(0, words.length() - 1).split("\0", -1));
	}

	static String describe(List<ProcessHandle> processes) {
		return processes.stream()
			.map((process) -> process.pid() + " " + process.info().commandLine().orElse("?"))
			.collect(Collectors.joining("; "));
	}

}
