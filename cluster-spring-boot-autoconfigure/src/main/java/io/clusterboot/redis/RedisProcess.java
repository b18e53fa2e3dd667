package io.clusterboot.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One run of a Redis server. Its parent is a shell that does nothing but end it when the
 * lifeline breaks, which the primary cannot do that has been killed. It is the shell that
 * ends it in any case, since only a parent can be sure that a pid is still its child's.
 */
final class RedisProcess {

	private static final Log logger = LogFactory.getLog(RedisProcess.class);

	private static final int TAIL = 20;

	/**
	 * Gets the program and the lifeline as arguments. Whatever a shell starts in the
	 * background reads from nothing unless it is given another descriptor.
	 */
	private static final String SCRIPT = """
			trap '' INT HUP QUIT
			trap 'ended=1; kill "$redis"' TERM
			umask 077
			exec 3<&0 </dev/null
			"$1" - <&3 3<&- &
			redis=$!
			exec 3<&-
			{ while read -r line; do :; done <"$2"; kill "$$"; } >/dev/null 2>&1 &
			lifeline=$!
			wait "$redis"
			code=$?
			while [ -n "$ended" ]; do
				ended=
				wait "$redis"
				code=$?
			done
			kill "$lifeline" 2>/dev/null
			exit "$code"
			""";

	/**
	 * What is sent to all processes of the terminal or of the group is not for Redis: the
	 * Ctrl-C that has workers drain, which need it for that, or the signal that kills all
	 * others, after which the shell has to end it.
	 */
	private static final String IN_A_SESSION_OF_ITS_OWN = """
			if command -v setsid >/dev/null; then
				exec setsid /bin/sh -c "$0" "$@"
			fi
			exec /bin/sh -c "$0" "$@"
			""";

	private final Process process;

	private final Path executable;

	private final Deque<String> tail = new ArrayDeque<>();

	private final Thread reader;

	private RedisProcess(Process process, Path executable) {
		this.process = process;
		this.executable = executable;
		this.reader = new Thread(this::read, "cluster-redis-output");
		this.reader.setDaemon(true);
		this.reader.start();
	}

	/**
	 * Start a server.
	 * @param executable the program
	 * @param configuration what it is told
	 * @param lifeline for how long it may live at the most
	 * @return the server
	 * @throws IOException if the shell cannot be started
	 */
	static RedisProcess start(Path executable, RedisConfiguration configuration, Path lifeline) throws IOException {
		Process process = new ProcessBuilder("/bin/sh", "-c", IN_A_SESSION_OF_ITS_OWN, SCRIPT, "cluster-redis",
				executable.toString(), lifeline.toString())
			.redirectErrorStream(true)
			.redirectInput(Redirect.PIPE)
			.start();
		RedisProcess redis = new RedisProcess(process, executable.toRealPath());
		try (OutputStream out = process.getOutputStream()) {
			out.write(configuration.text().getBytes(StandardCharsets.UTF_8));
		}
		catch (IOException ex) {
			// it has exited already, and has said why
			logger.debug("Redis does not read its configuration", ex);
		}
		return redis;
	}

	/**
	 * Redis says much that is of no interest while it works.
	 */
	private void read() {
		try (BufferedReader lines = this.process.inputReader(StandardCharsets.UTF_8)) {
			String line;
			while ((line = lines.readLine()) != null) {
				logger.debug(line);
				synchronized (this.tail) {
					this.tail.add(line);
					if (this.tail.size() > TAIL) {
						this.tail.remove();
					}
				}
			}
		}
		catch (IOException ex) {
			logger.debug("The output of Redis cannot be read any more", ex);
		}
	}

	boolean isAlive() {
		return this.process.isAlive();
	}

	/**
	 * The server itself, beside which the shell has another child.
	 * @return its pid, or {@code null} if it does not run, or cannot be told apart
	 */
	@Nullable Long pid() {
		return children(List.of()).stream()
			.filter((child) -> child.info().command().filter(this.executable.toString()::equals).isPresent())
			.findAny()
			.map(ProcessHandle::pid)
			.orElse(null);
	}

	long shell() {
		return this.process.pid();
	}

	/**
	 * Wait for its end, and see to it that nothing of it is left.
	 * @return the exit code; for a signal 128 and its number
	 * @throws InterruptedException if this thread is interrupted
	 */
	int await() throws InterruptedException {
		List<ProcessHandle> children = List.of();
		while (!this.process.waitFor(1, TimeUnit.SECONDS)) {
			children = children(children);
		}
		// a shell that was killed leaves its server behind
		children.forEach(ProcessHandle::destroyForcibly);
		return this.process.exitValue();
	}

	/**
	 * The JDK fails to list them while this process has no descriptors left.
	 */
	private List<ProcessHandle> children(List<ProcessHandle> known) {
		try {
			return this.process.children().toList();
		}
		catch (RuntimeException ex) {
			logger.debug("The processes of Redis cannot be listed", ex);
			return known;
		}
	}

	/**
	 * End it. It writes what it has to write.
	 * @param atMost time after which it is killed
	 */
	void stop(Duration atMost) {
		List<ProcessHandle> children = children(List.of());
		this.process.destroy();
		try {
			if (!this.process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
				logger.warn("Redis did not end within %d ms and is killed".formatted(atMost.toMillis()));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		children.forEach(ProcessHandle::destroyForcibly);
		this.process.destroyForcibly();
	}

	/**
	 * The last that it said, for whoever has to find out why it has ended.
	 * @return some lines
	 */
	String lastLines() {
		try {
			this.reader.join(Duration.ofSeconds(1).toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		synchronized (this.tail) {
			return String.join(System.lineSeparator(), this.tail);
		}
	}

}
