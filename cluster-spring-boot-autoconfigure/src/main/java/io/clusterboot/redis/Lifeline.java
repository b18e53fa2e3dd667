package io.clusterboot.redis;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A named pipe that the primary and all workers that use Redis hold open and nobody
 * writes to. Whoever reads from it is told by the operating system when the last of them
 * has ended, in whatever way: it is what ends Redis if nobody can do it any more.
 */
public final class Lifeline implements AutoCloseable {

	private static final String NAME = "redis.lifeline";

	private final Path path;

	private final FileChannel channel;

	private Lifeline(Path path) throws IOException {
		this.path = path;
		// to open it for writing only would wait until somebody reads
		this.channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
	}

	/**
	 * Create the pipe and hold it.
	 * @param directory the primary's directory
	 * @return the pipe
	 * @throws IOException if it cannot be created
	 */
	static Lifeline create(Path directory) throws IOException {
		Path path = directory.resolve(NAME);
		if (!Files.exists(path)) {
			make(path);
		}
		return new Lifeline(path);
	}

	/**
	 * Hold the pipe until this process ends.
	 * @param directory the primary's directory
	 * @return the pipe, which is to be kept
	 * @throws IOException if there is none
	 */
	public static Lifeline hold(Path directory) throws IOException {
		return new Lifeline(directory.resolve(NAME));
	}

	/**
	 * The JDK makes no named pipes.
	 */
	private static void make(Path path) throws IOException {
		Process process = new ProcessBuilder("mkfifo", "-m", "600", path.toString()).redirectErrorStream(true).start();
		try {
			String output = new String(process.getInputStream().readAllBytes()).trim();
			if (process.waitFor() != 0) {
				throw new IOException("mkfifo failed: " + output);
			}
		}
		catch (InterruptedException ex) {
			process.destroyForcibly();
			Thread.currentThread().interrupt();
			throw new IOException("Interrupted while a named pipe was made", ex);
		}
	}

	Path path() {
		return this.path;
	}

	@Override
	public void close() throws IOException {
		this.channel.close();
	}

}
