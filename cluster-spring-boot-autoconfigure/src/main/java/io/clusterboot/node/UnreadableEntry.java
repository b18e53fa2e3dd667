package io.clusterboot.node;

import io.clusterboot.state.UnreadableValueException;

/**
 * Something in Redis that is not what nodes write, or what those of another version
 * write. It is skipped.
 *
 * @param key its key in Redis, with what cannot be printed escaped
 * @param reason what is wrong with it
 */
public record UnreadableEntry(String key, String reason) {

	static UnreadableEntry of(UnreadableValueException exception) {
		return new UnreadableEntry(Names.printable(exception.key()), exception.reason());
	}

}
