package io.clusterboot.primary;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A message from a worker to the primary.
 */
public final class PrimaryMessage {

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private final int worker;

	private final String topic;

	private final byte[] payload;

	PrimaryMessage(int worker, String topic, byte[] payload) {
		this.worker = worker;
		this.topic = topic;
		this.payload = payload;
	}

	/**
	 * Who has sent it.
	 * @return the worker's id
	 */
	public int worker() {
		return this.worker;
	}

	/**
	 * What it is about.
	 * @return the topic
	 */
	public String topic() {
		return this.topic;
	}

	/**
	 * Its content.
	 * @param <T> the type of the content
	 * @param type the type of the content, such as {@code String}, a record, or
	 * {@code JsonNode}
	 * @return the content
	 * @throws IllegalArgumentException if the content is not of that type. It is read
	 * without the application's own settings for JSON, which the primary does not have
	 */
	public <T> T payload(Class<T> type) {
		try {
			return MAPPER.readValue(this.payload, type);
		}
		catch (JacksonException ex) {
			throw new IllegalArgumentException("The message of worker-%d about '%s' cannot be read as %s: %s"
				.formatted(this.worker, this.topic, type.getName(), ex.getOriginalMessage()), ex);
		}
	}

	static byte[] write(@Nullable Object reply) {
		return MAPPER.writeValueAsBytes(reply);
	}

}
