package io.clusterboot.launch;

import org.jspecify.annotations.Nullable;

/**
 * What the workers of one generation run.
 *
 * @param id the first 12 hexadecimal digits of a hash of its files, or {@code null} if it
 * runs from the files that the user launched, which may change at any time
 * @param command how its workers are started
 */
public record Build(@Nullable String id, WorkerCommand command) {

}
