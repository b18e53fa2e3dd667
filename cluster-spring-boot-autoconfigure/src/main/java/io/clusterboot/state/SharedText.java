package io.clusterboot.state;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.serializer.RedisSerializer;

/**
 * A text in Redis that somebody else may have written, and that is not to be trusted.
 * Every operation fails with {@link SharedStateException} if Redis cannot be reached.
 * Thread-safe.
 */
public final class SharedText {

	private final StateTemplate<String> template;

	private final RedisValue<String> value;

	private final String key;

	private final int most;

	SharedText(StateTemplate<String> template, String key, int most) {
		this.template = template;
		this.value = new RedisValue<>(template, RedisSerializer.string(), key);
		this.key = key;
		this.most = most;
	}

	/**
	 * The key in Redis.
	 * @return the key
	 */
	public String key() {
		return this.key;
	}

	/**
	 * Read the text. Of one that is too large, no more is read than is allowed.
	 * @return the text, or {@code null} if there is none
	 * @throws UnreadableValueException if it is too large, or there is something else
	 * than a text
	 */
	public @Nullable String get() throws UnreadableValueException {
		String text = read();
		if (text == null || text.isEmpty()) {
			return null;
		}
		if (text.getBytes(StandardCharsets.UTF_8).length > this.most) {
			throw new UnreadableValueException(this.key, "it has more than %d bytes".formatted(this.most));
		}
		return text;
	}

	private @Nullable String read() throws UnreadableValueException {
		try {
			return this.template.opsForValue().get(this.key, 0, this.most);
		}
		catch (DataAccessException ex) {
			if (String.valueOf(ex.getMostSpecificCause().getMessage()).startsWith("WRONGTYPE")) {
				throw new UnreadableValueException(this.key, "it is of another type in Redis");
			}
			throw ex;
		}
	}

	/**
	 * Set the text, whatever is there.
	 * @param text the text
	 * @param expiry time after which there is none
	 */
	public void set(String text, Duration expiry) {
		this.value.set(text, expiry);
	}

	/**
	 * Set the text if it is as expected.
	 * @param expected the text, or {@code null} for none
	 * @param text what to set, or {@code null} for none
	 * @return whether it was as expected
	 */
	public boolean compareAndSet(@Nullable String expected, @Nullable String text) {
		return this.value.compareAndSet(expected, text);
	}

}
