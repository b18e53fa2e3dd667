package io.clusterboot.node;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Names in the log what cannot be read, once for as long as it is there. For one thread.
 */
final class UnreadableEntries {

	private static final Log logger = LogFactory.getLog(UnreadableEntries.class);

	/** Entries that one line names. */
	private static final int NAMED = 10;

	private final Set<UnreadableEntry> known = new HashSet<>();

	/**
	 * Log what is new.
	 * @param unreadable all that cannot be read
	 * @return what has been logged
	 */
	List<UnreadableEntry> log(List<UnreadableEntry> unreadable) {
		this.known.retainAll(Set.copyOf(unreadable));
		List<UnreadableEntry> added = unreadable.stream().filter(this.known::add).toList();
		if (!added.isEmpty()) {
			logger.warn("What nodes have in Redis is skipped: %s%s. %s".formatted(
					added.stream()
						.limit(NAMED)
						.map((entry) -> "'%s' (%s)".formatted(entry.key(), entry.reason()))
						.collect(Collectors.joining(", ")),
					(added.size() > NAMED) ? " and %d more".formatted(added.size() - NAMED) : "",
					"Either nodes run different versions of Clusterboot, or somebody else has written it: then delete it"));
		}
		return added;
	}

}
