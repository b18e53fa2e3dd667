package io.clusterboot.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * The debug agent: each worker listens on a port of its own and waits for nobody.
 */
final class DebugAgentRule implements OptionRule {

	private static final Pattern AGENT = Pattern.compile("(-agentlib:jdwp=|-Xrunjdwp:|-agentpath:[^=]*jdwp[^=]*=)(.*)");

	private static final String ADDRESS = "address=";

	private static final String HOW_TO_DEBUG = "To debug, set cluster.enabled=false, or have workers listen with "
			+ "cluster.worker.jvm-args=-agentlib:jdwp=transport=dt_socket\\,server=y\\,suspend=n\\,address=*:5005";

	@Override
	public @Nullable String adapt(String option, int seat, Consumer<String> notes) {
		Matcher agent = AGENT.matcher(option);
		if (!agent.matches()) {
			return option;
		}
		List<String> parameters = new ArrayList<>(List.of(agent.group(2).split(",")));
		if (!parameters.contains("server=y")) {
			notes.accept("The debugger has one connection, which the primary took: this worker is not debugged. "
					+ HOW_TO_DEBUG);
			return null;
		}
		for (int i = 0; i < parameters.size(); i++) {
			if (parameters.get(i).startsWith(ADDRESS)) {
				String address = parameters.get(i).substring(ADDRESS.length());
				int portStart = address.lastIndexOf(':') + 1;
				String port = Port.move(address.substring(portStart), seat);
				if (port == null) {
					notes.accept("There is no debug port " + seat + " above " + address.substring(portStart)
							+ ": this worker is not debugged");
					return null;
				}
				parameters.set(i, ADDRESS + address.substring(0, portStart) + port);
			}
		}
		// the agent suspends unless it is told not to
		if (!parameters.contains("suspend=n")) {
			int suspend = parameters.indexOf("suspend=y");
			parameters.remove("suspend=y");
			parameters.add((suspend >= 0) ? suspend : parameters.size(), "suspend=n");
			notes.accept("This worker does not wait for a debugger (suspend=n): one that waits is not ready within "
					+ "cluster.startup.timeout. To debug the start, set cluster.enabled=false");
		}
		return agent.group(1) + String.join(",", parameters);
	}

}
