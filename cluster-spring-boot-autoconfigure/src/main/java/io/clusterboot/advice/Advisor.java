package io.clusterboot.advice;

import io.clusterboot.ClusterProperties.Advice.Topic;
import org.jspecify.annotations.Nullable;

/**
 * Looks for one thing in an application that is not safe with several workers.
 */
public interface Advisor {

	/**
	 * What it looks for.
	 * @return the topic, which no other advisor has
	 */
	Topic topic();

	/**
	 * Look. May ask others, as a database, and is given up if that takes long.
	 * @return what there is and what to do about it, or {@code null} if there is nothing
	 * @throws Exception if it cannot be found out
	 */
	@Nullable String advise() throws Exception;

}
