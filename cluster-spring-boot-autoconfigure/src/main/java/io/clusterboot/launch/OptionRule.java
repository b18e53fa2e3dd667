package io.clusterboot.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Keeps one kind of JVM option from making processes that share a command line collide.
 * The primary keeps the option as the user gave it.
 */
interface OptionRule {

	/**
	 * Adapt an option.
	 * @param option any option
	 * @param seat the worker's seat, from 1
	 * @param notes takes a sentence for the user where the worker gets something else
	 * than might be expected
	 * @return the option for the worker, the same one if this rule is not about it, or
	 * {@code null} to leave it out
	 */
	@Nullable String adapt(String option, int seat, Consumer<String> notes);

	/**
	 * Every rule.
	 */
	List<OptionRule> ALL = List.of(new DebugAgentRule(), new AgentPortRule(), new OutputFileRule(), new ArchiveRule());

	/**
	 * Apply every rule to every option.
	 * @param options the options
	 * @param seat the worker's seat
	 * @param notes takes sentences for the user
	 * @return the options for the worker
	 */
	static List<String> adapt(List<String> options, int seat, Consumer<String> notes) {
		List<String> adapted = new ArrayList<>();
		for (String option : options) {
			String result = option;
			for (OptionRule rule : ALL) {
				result = (result != null) ? rule.adapt(result, seat, notes) : null;
			}
			if (result != null) {
				if (!result.equals(option)) {
					notes.accept("%s instead of %s".formatted(result, option));
				}
				adapted.add(result);
			}
		}
		return adapted;
	}

}
