package io.clusterboot.launch;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Files that the JVM writes: each worker gets its own beside the user's, as in
 * {@code gc.worker-1.log}.
 */
final class OutputFileRule implements OptionRule {

	private static final String UNIFIED_LOG = "-Xlog:";

	/**
	 * Files in whose names the JVM replaces {@code %p} by the process id.
	 */
	private static final Pattern WITH_PID = Pattern.compile("(-Xloggc:|-XX:ErrorFile=|-XX:LogFile=)(.+)");

	/**
	 * Files in whose names only newer JVMs do so.
	 */
	private static final Pattern WITHOUT_PID = Pattern.compile("(-XX:HeapDumpPath=|-XX:DumpLoadedClassList=)(.+)");

	private static final Pattern FLIGHT_RECORDING = Pattern
		.compile("(-XX:StartFlightRecording[=:](?:.*,)?filename=)(\"[^\"]*\"|'[^']*'|[^,]*)(.*)");

	@Override
	public @Nullable String adapt(String option, int seat, Consumer<String> notes) {
		if (option.startsWith(UNIFIED_LOG)) {
			return UNIFIED_LOG + adaptLog(option.substring(UNIFIED_LOG.length()), seat);
		}
		Matcher withPid = WITH_PID.matcher(option);
		if (withPid.matches()) {
			return withPid.group(1) + unlessPid(withPid.group(2), seat);
		}
		Matcher withoutPid = WITHOUT_PID.matcher(option);
		if (withoutPid.matches()) {
			return withoutPid.group(1) + ownFile(withoutPid.group(2), seat);
		}
		Matcher recording = FLIGHT_RECORDING.matcher(option);
		if (recording.matches()) {
			return recording.group(1) + unquoted(recording.group(2), (path) -> ownFile(path, seat))
					+ recording.group(3);
		}
		return option;
	}

	/**
	 * Adapt {@code what:output:decorators:output-options}.
	 */
	private static String adaptLog(String log, int seat) {
		List<String> parts = splitOutsideQuotes(log);
		if (parts.size() < 2 || parts.get(0).equals("async")) {
			return log;
		}
		String output = parts.get(1);
		if (output.isEmpty() || output.equals("stdout") || output.equals("stderr")) {
			return log;
		}
		boolean allQuoted = output.startsWith("\"");
		String adapted = (allQuoted) ? unquoted(output, (inner) -> adaptLogOutput(inner, seat))
				: adaptLogOutput(output, seat);
		parts.set(1, adapted);
		return String.join(":", parts);
	}

	private static String adaptLogOutput(String output, int seat) {
		String prefix = (output.startsWith("file=")) ? "file=" : "";
		return prefix + unquoted(output.substring(prefix.length()), (path) -> unlessPid(path, seat));
	}

	private static List<String> splitOutsideQuotes(String text) {
		List<String> parts = new ArrayList<>();
		boolean quoted = false;
		int start = 0;
		for (int i = 0; i < text.length(); i++) {
			quoted ^= text.charAt(i) == '"';
			if (text.charAt(i) == ':' && !quoted) {
				parts.add(text.substring(start, i));
				start = i + 1;
			}
		}
		parts.add(text.substring(start));
		return parts;
	}

	private static String unquoted(String text, UnaryOperator<String> operation) {
		if (text.length() >= 2 && (text.startsWith("\"") || text.startsWith("'"))) {
			String quote = text.substring(0, 1);
			return quote + operation.apply(text.substring(1, text.length() - 1)) + quote;
		}
		return operation.apply(text);
	}

	private static String unlessPid(String path, int seat) {
		return (path.contains("%p")) ? path : ownFile(path, seat);
	}

	private static String ownFile(String path, int seat) {
		if (path.isEmpty() || path.startsWith("/dev/") || path.startsWith("/proc/") || isDirectory(path)) {
			return path;
		}
		String suffix = ".worker-" + seat;
		int name = path.lastIndexOf('/') + 1;
		int dot = path.lastIndexOf('.');
		// a dot in front makes a hidden file, not an extension
		return (dot > name) ? path.substring(0, dot) + suffix + path.substring(dot) : path + suffix;
	}

	private static boolean isDirectory(String path) {
		try {
			return path.endsWith("/") || Files.isDirectory(Path.of(path));
		}
		catch (InvalidPathException ex) {
			return false;
		}
	}

}
