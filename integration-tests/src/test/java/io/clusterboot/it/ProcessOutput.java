package io.clusterboot.it;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process writes, line by line, for tests that wait for a line.
 */
public final class ProcessOutput {

	private static final Pattern ERROR = Pattern.compile("\\sERROR\\s|Exception in thread \"");

	private final List<String> lines = new ArrayList<>();

	private boolean ended;

	ProcessOutput(InputStream stream) {
		Thread reader = new Thread(() -> read(stream), "process-output");
		reader.setDaemon(true);
		reader.start();
	}

	private void read(InputStream stream) {
		try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
			String line;
			while ((line = reader.readLine()) != null) {
				add(line);
			}
		}
		catch (IOException ex) {
			add("(the output could not be read further: " + ex + ")");
		}
		finally {
			end();
		}
	}

	private synchronized void add(String line) {
		this.lines.add(line);
		notifyAll();
	}

	private synchronized void end() {
		this.ended = true;
		notifyAll();
	}

	/**
	 * All lines so far.
	 * @return a copy
	 */
	public synchronized List<String> lines() {
		return List.copyOf(this.lines);
	}

	/**
	 * The lines in which the pattern is found.
	 * @param pattern what to look for anywhere in a line
	 * @return the matches, in order
	 */
	public synchronized List<Matcher> find(Pattern pattern) {
		return this.lines.stream().map(pattern::matcher).filter(Matcher::find).toList();
	}

	/**
	 * Wait until a line in which the pattern is found has been written, now or earlier.
	 * @param pattern what to look for anywhere in a line
	 * @param limit longest time to wait
	 * @return the first match
	 */
	public Matcher await(Pattern pattern, Duration limit) {
		return await(pattern, 1, limit).get(0);
	}

	/**
	 * Wait until as many lines in which the pattern is found have been written.
	 * @param pattern what to look for anywhere in a line
	 * @param count number of lines to wait for
	 * @param limit longest time to wait
	 * @return the matches, in order
	 */
	public synchronized List<Matcher> await(Pattern pattern, int count, Duration limit) {
		long deadline = System.nanoTime() + limit.toNanos();
		List<Matcher> found = find(pattern);
		while (found.size() < count) {
			long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
			if (this.ended || left <= 0) {
				throw new AssertionError("%d of %d lines with '%s' %s".formatted(found.size(), count, pattern,
						this.ended ? "when the output ended" : "after " + limit));
			}
			try {
				wait(left);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new AssertionError("interrupted while waiting for '" + pattern + "'", ex);
			}
			found = find(pattern);
		}
		return found;
	}

	/**
	 * The lines that tell of an error.
	 * @param expected what is found in those that the test has announced
	 * @return all others
	 */
	List<String> unexpectedErrors(List<Pattern> expected) {
		return lines().stream()
			.filter((line) -> ERROR.matcher(line).find())
			.filter((line) -> expected.stream().noneMatch((pattern) -> pattern.matcher(line).find()))
			.toList();
	}

	/**
	 * The last lines, for a report of a failure.
	 * @param count number of lines
	 * @return the lines, joined
	 */
	public synchronized String tail(int count) {
		int from = Math.max(0, this.lines.size() - count);
		String omitted = (from > 0) ? "(" + from + " earlier lines left out)\n" : "";
		return omitted + String.join("\n", this.lines.subList(from, this.lines.size()));
	}

}
