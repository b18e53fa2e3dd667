package io.clusterboot.launch;

import org.jspecify.annotations.Nullable;

/**
 * What workers of one generation run.
 *
 * @param id digest of the application's files, or {@code null} if workers run from where
 * the user put them
 * @param command how workers are started
 */
public record Build(@Nullable String id, WorkerCommand command) {

}
