package io.clusterboot.node;

import java.time.Duration;

import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.SharedText;
import io.clusterboot.state.UnreadableValueException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * An entry of the nodes in Redis, as JSON. It is not written with the application's
 * mapper, which another build may have configured in another way.
 *
 * @param <T> type of what is in it
 */
final class Entry<T> {

	/** Most bytes of an entry; a worker takes about 100. */
	static final int MOST = 256 * 1024;

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private final SharedText text;

	private final Class<T> type;

	Entry(RedisSharedState state, String name, Class<T> type) {
		this.text = state.text(name, MOST);
		this.type = type;
	}

	/**
	 * Read the entry. What a newer version has added to it is ignored.
	 * @return what is in it, or {@code null} if there is none
	 * @throws UnreadableValueException if it is something else, or too large
	 */
	@Nullable T get() throws UnreadableValueException {
		String json = this.text.get();
		return (json != null) ? parse(json) : null;
	}

	/**
	 * Read an entry that is to be changed. One of which a part is unknown would lose it.
	 * @return what is in it, or {@code null} if there is none
	 * @throws UnreadableValueException if this version would write it in another way
	 */
	@Nullable T getExact() throws UnreadableValueException {
		String json = this.text.get();
		if (json == null) {
			return null;
		}
		T value = parse(json);
		if (!json.equals(json(value))) {
			throw unreadable("it is not as this version would write it");
		}
		return value;
	}

	private T parse(String json) throws UnreadableValueException {
		T value;
		try {
			value = MAPPER.readValue(json, this.type);
		}
		catch (JacksonException ex) {
			throw unreadable("it is no %s that this version can read".formatted(this.type.getSimpleName()));
		}
		if (value == null) {
			throw unreadable("it is JSON's null");
		}
		return value;
	}

	UnreadableValueException unreadable(String reason) {
		return new UnreadableValueException(this.text.key(), reason);
	}

	void set(T value, Duration expiry) {
		this.text.set(json(value), expiry);
	}

	boolean compareAndSet(@Nullable T expected, @Nullable T value) {
		return this.text.compareAndSet((expected != null) ? json(expected) : null,
				(value != null) ? json(value) : null);
	}

	private static String json(Object value) {
		return MAPPER.writeValueAsString(value);
	}

}
