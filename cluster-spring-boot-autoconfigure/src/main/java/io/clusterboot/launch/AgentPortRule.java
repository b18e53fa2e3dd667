package io.clusterboot.launch;

import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Fixed ports on which the JVM itself, or an agent in it, listens: each worker gets its
 * own.
 */
final class AgentPortRule implements OptionRule {

	private static final List<Pattern> PORTS = List.of(
			Pattern.compile("(-Dcom\\.sun\\.management\\.jmxremote\\.(?:rmi\\.)?port=)(\\d+)()"),
			Pattern.compile("(-javaagent:[^=]*jmx_prometheus[^=]*=(?:[^=]*:)?)(\\d+)(:.*)"));

	@Override
	public @Nullable String adapt(String option, int seat, Consumer<String> notes) {
		for (Pattern pattern : PORTS) {
			Matcher matcher = pattern.matcher(option);
			if (matcher.matches()) {
				String port = Port.move(matcher.group(2), seat);
				if (port == null) {
					notes.accept(
							"This worker goes without %s, since there is no port %d above it".formatted(option, seat));
					return null;
				}
				return matcher.group(1) + port + matcher.group(3);
			}
		}
		return option;
	}

}
