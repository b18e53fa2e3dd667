package io.clusterboot.protocol;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Leaves this process few descriptors until it is closed.
 */
final class ScarceDescriptors implements AutoCloseable {

	private static final int MARGIN = 16;

	private final Deque<FileDescriptor> taken = new ArrayDeque<>();

	/** Started beforehand, since a process without descriptors starts no other. */
	private final Process restorer;

	private ScarceDescriptors(Process restorer) {
		this.restorer = restorer;
	}

	/**
	 * Take descriptors away.
	 * @param left number of those that are left
	 * @return gives them back
	 */
	static ScarceDescriptors leave(int left) throws Exception {
		String limit = "prlimit --pid %d --nofile=%s:".formatted(ProcessHandle.current().pid(), "%s");
		String former = Files.readAllLines(Path.of("/proc/self/limits"))
			.stream()
			.filter((line) -> line.startsWith("Max open files"))
			.map((line) -> line.split("\\s+")[3])
			.findAny()
			.orElseThrow();
		ScarceDescriptors scarce = new ScarceDescriptors(
				new ProcessBuilder("sh", "-c", "read line; " + limit.formatted(former)).start());
		try {
			Process limiter = new ProcessBuilder("sh", "-c", limit.formatted(highest() + MARGIN)).inheritIO().start();
			assertThat(limiter.waitFor()).isZero();
			scarce.takeAllBut(left);
			return scarce;
		}
		catch (Exception | Error ex) {
			scarce.close();
			throw ex;
		}
	}

	private static int highest() throws IOException {
		try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
			return descriptors.mapToInt((path) -> Integer.parseInt(path.getFileName().toString())).max().orElseThrow();
		}
	}

	private void takeAllBut(int left) throws IOException {
		FileDescriptor file = new FileInputStream("/dev/null").getFD();
		this.taken.add(file);
		while (this.taken.size() < MARGIN * 100) {
			try {
				this.taken.addFirst(Descriptors.duplicate(file));
			}
			catch (IOException ex) {
				break;
			}
		}
		for (int i = 0; i < left; i++) {
			Descriptors.close(this.taken.remove());
		}
	}

	@Override
	public void close() throws IOException {
		this.taken.forEach(Descriptors::close);
		this.restorer.getOutputStream().close();
		assertThat(this.restorer.onExit().join().exitValue()).isZero();
	}

}
