package io.clusterboot.launch;

import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * Says how it was started, and what {@link JavaCommand} knows of that; then starts itself
 * twice more in the same way, once with all that it may show and once with all hidden.
 */
final class EchoMain {

	static final String LAST = "ECHO_LAST";

	private EchoMain() {
	}

	public static void main(String[] args) throws Exception {
		PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
		JavaCommand command = ("jvm".equals(System.getenv("ECHO_SOURCE")))
				? new JavaCommand(JavaCommand.ofThisProcess().executable(), new JvmAccount().arguments(), Map.of())
				: JavaCommand.ofThisProcess();
		say(out, "args", Arrays.asList(args));
		say(out, "input", ManagementFactory.getRuntimeMXBean().getInputArguments());
		say(out, "executable", List.of(command.executable()));
		say(out, "options", command.options());
		say(out, "target", command.target());
		say(out, "arguments", command.arguments());
		String obsolete = System.getenv("ECHO_DELETE");
		if (obsolete != null) {
			Files.deleteIfExists(Path.of(obsolete));
		}
		if (System.getenv(LAST) == null) {
			System.exit(Math.max(start(command, true), start(command, false)));
		}
	}

	private static int start(JavaCommand own, boolean exposed) throws Exception {
		CommandLine line = new CommandLine(own.executable());
		line.add(own.options(), exposed);
		line.launch(own.target(), own.arguments(), (word) -> exposed);
		ProcessBuilder builder = line.processBuilder().redirectOutput(Redirect.INHERIT).redirectError(Redirect.INHERIT);
		builder.environment().put(LAST, "true");
		for (String variable : JavaCommand.OPTION_VARIABLES) {
			OptionVariable.put(builder.environment(), variable,
					own.environmentOptions().getOrDefault(variable, List.of()));
		}
		Process process = builder.start();
		line.feed(process);
		return process.waitFor();
	}

	private static void say(PrintStream out, String name, List<String> words) {
		Base64.Encoder encoder = Base64.getEncoder();
		StringBuilder line = new StringBuilder("ECHO ").append(name);
		words
			.forEach((word) -> line.append(" .").append(encoder.encodeToString(word.getBytes(StandardCharsets.UTF_8))));
		out.println(line);
	}

	/**
	 * What one process said.
	 *
	 * @param lines its lines
	 */
	record Said(List<String> lines) {

		List<String> words(String name) {
			String line = this.lines.stream()
				.filter((each) -> each.startsWith("ECHO " + name))
				.findFirst()
				.orElseThrow();
			return Arrays.stream(line.split(" ")).skip(2).map(Said::decode).toList();
		}

		private static String decode(String word) {
			return new String(Base64.getDecoder().decode(word.substring(1)), StandardCharsets.UTF_8);
		}

	}

}
