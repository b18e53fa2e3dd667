package io.clusterboot.messaging;

import java.lang.reflect.Type;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes and reads the content of messages, as JSON. Thread-safe.
 */
public final class Payloads {

	private final JsonMapper mapper;

	private final long limit;

	/**
	 * Create payloads.
	 * @param mapper writes and reads JSON
	 * @param limit most bytes that one may have
	 */
	public Payloads(JsonMapper mapper, long limit) {
		this.mapper = mapper;
		this.limit = limit;
	}

	/**
	 * Write a payload.
	 * @param what what it is for, for the exception
	 * @param payload the content
	 * @return JSON
	 * @throws ClusterMessagingException if it cannot be written, or is over the limit
	 */
	public byte[] write(String what, @Nullable Object payload) {
		byte[] bytes;
		try {
			bytes = this.mapper.writeValueAsBytes(payload);
		}
		catch (JacksonException ex) {
			throw new ClusterMessagingException("%s: %s cannot be written as JSON: %s".formatted(what,
					(payload != null) ? payload.getClass().getName() : "null", ex.getOriginalMessage()), ex);
		}
		if (bytes.length > this.limit) {
			throw new ClusterMessagingException(
					"%s: %d bytes are more than cluster.messaging.max-message-size allows (%d)".formatted(what,
							bytes.length, this.limit));
		}
		return bytes;
	}

	/**
	 * Read a payload.
	 * @param what what it is for, for the exception
	 * @param payload JSON
	 * @param type type of the content
	 * @return the content
	 * @throws ClusterMessagingException if it cannot be read
	 */
	public @Nullable Object read(String what, byte[] payload, Type type) {
		try {
			return this.mapper.readValue(payload, this.mapper.constructType(type));
		}
		catch (JacksonException ex) {
			throw new ClusterMessagingException("%s: the payload cannot be read as %s: %s".formatted(what,
					type.getTypeName(), ex.getOriginalMessage()), ex);
		}
	}

}
