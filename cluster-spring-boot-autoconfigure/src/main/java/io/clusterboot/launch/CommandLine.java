package io.clusterboot.launch;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A command line for the {@code java} launcher, of which other users may see a part. The
 * operating system shows them every word of it. So the launcher reads from its standard
 * input, as an argument file, what lies between the first and the last word that is to be
 * hidden. Nothing of that is in a file that could be left behind, or be missing when a
 * worker starts.
 */
final class CommandLine {

	private static final String STANDARD_INPUT = "@/dev/stdin";

	private static final File NULL_DEVICE = new File("/dev/null");

	/**
	 * {@code MAX_ARG_STRLEN} of Linux less the final zero. A class path that came in an
	 * argument file may be longer.
	 */
	private static final int MAX_LENGTH = 128 * 1024 - 1;

	private static final String SECRET_NAME = "(?:pass|pwd|secret|token|key|credential)[^/=:]*";

	/**
	 * Names of secrets with a value, and addresses with a password. A colon is what
	 * separates the two in options only: elsewhere it may be that of a class path.
	 */
	private static final Pattern SECRET = Pattern.compile(
			SECRET_NAME + "=|^-.*" + SECRET_NAME + ":|://[^/@\\s]*:[^/@\\s]+@",
			Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

	private final List<String> words = new ArrayList<>();

	private int firstHidden = Integer.MAX_VALUE;

	private int lastHidden = -1;

	private int target;

	private int arguments;

	CommandLine(String executable) {
		this.words.add(executable);
	}

	/**
	 * Add options that hold nothing of the user's.
	 * @param options options in which no argument file is left
	 */
	void addOwn(List<String> options) {
		this.words.addAll(options);
	}

	/**
	 * Add options of the user's.
	 * @param options options in which no argument file is left
	 * @param exposed whether others see them anyway; what looks like a secret is hidden
	 * from them nevertheless
	 */
	void add(List<String> options, boolean exposed) {
		options.forEach((option) -> add(option, exposed));
	}

	/**
	 * Add what ends the command line.
	 * @param target what is launched
	 * @param arguments the application's arguments
	 * @param exposed tells which words others see anyway
	 */
	void launch(List<String> target, List<String> arguments, Predicate<String> exposed) {
		this.target = this.words.size();
		target.forEach((word) -> add(word, exposed.test(word)));
		this.arguments = this.words.size();
		arguments.forEach((word) -> add(word, exposed.test(word)));
	}

	private void add(String word, boolean exposed) {
		if (!exposed || SECRET.matcher(word).find() || word.getBytes(ThisProcess.CHARSET).length > MAX_LENGTH) {
			this.firstHidden = Math.min(this.firstHidden, this.words.size());
			this.lastHidden = this.words.size();
		}
		this.words.add(word);
	}

	/**
	 * The whole command line.
	 * @return the executable and its arguments, of which none is hidden
	 */
	List<String> words() {
		return this.words;
	}

	/**
	 * What others see.
	 * @return the executable and its arguments, of which one may stand for what is read
	 * from the standard input
	 */
	List<String> shown() {
		List<String> shown = new ArrayList<>();
		for (int i = 0; i < this.words.size(); i++) {
			if (i == hiddenFrom()) {
				shown.add(STANDARD_INPUT);
			}
			if (i < hiddenFrom() || i > this.lastHidden) {
				shown.add((i < this.arguments) ? JavaArguments.escape(this.words.get(i)) : this.words.get(i));
			}
		}
		return shown;
	}

	private boolean isAnyHidden() {
		return this.lastHidden >= 0;
	}

	/**
	 * The launcher takes nothing for an argument file that follows the target.
	 */
	private int hiddenFrom() {
		return (this.lastHidden > this.target) ? Math.min(this.firstHidden, this.target) : this.firstHidden;
	}

	/**
	 * Prepare a process. Its standard input is empty, except for what is to be
	 * {@linkplain #feed(Process) fed} to it.
	 * @return a builder with this command
	 */
	ProcessBuilder processBuilder() {
		ProcessBuilder builder = new ProcessBuilder(shown());
		return (isAnyHidden()) ? builder : builder.redirectInput(Redirect.from(NULL_DEVICE));
	}

	/**
	 * Let a process read what is hidden, without waiting for it.
	 * @param process a process that has just been started with this command
	 */
	void feed(Process process) {
		if (isAnyHidden()) {
			byte[] hidden = hidden();
			Thread thread = new Thread(() -> write(hidden, process), "cluster-stdin-" + process.pid());
			thread.setDaemon(true);
			thread.start();
		}
	}

	private static void write(byte[] hidden, Process process) {
		try (OutputStream input = process.getOutputStream()) {
			input.write(hidden);
		}
		catch (IOException ex) {
			// it has ended, and if it has not, it must not run with half a command
			process.destroyForcibly();
		}
	}

	private byte[] hidden() {
		ByteArrayOutputStream text = new ByteArrayOutputStream();
		this.words.subList(hiddenFrom(), this.lastHidden + 1)
			.forEach((word) -> text.writeBytes(ArgumentFile.quote(word.getBytes(ThisProcess.CHARSET))));
		return text.toByteArray();
	}

}
