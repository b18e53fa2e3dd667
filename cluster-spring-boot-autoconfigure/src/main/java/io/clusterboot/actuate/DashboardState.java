package io.clusterboot.actuate;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import io.clusterboot.protocol.PastEvent;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * What the dashboard shows.
 *
 * @param cluster the cluster
 * @param events what has happened last, oldest first
 * @param writable whether the endpoint's operations are there
 * @param mostWorkers largest number of workers that the cluster can be scaled to
 */
public record DashboardState(ClusterDescriptor cluster, List<PastEvent> events, boolean writable,
		int mostWorkers) implements OperationResponseBody {

	/** Time between two events of a stream. */
	static final Duration INTERVAL = Duration.ofMillis(250);

	/** Longest time that a stream goes on without its caller being asked who he is. */
	static final Duration LONGEST_STREAM = Duration.ofMinutes(5);

	/** Streams of one worker; other pages poll. Each may hold a thread that writes. */
	static final int MOST_VIEWERS = 32;

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	/**
	 * Write this as a server-sent event.
	 * @return the event
	 */
	byte[] toEvent() {
		return ("data: " + MAPPER.writeValueAsString(this) + "\n\n").getBytes(StandardCharsets.UTF_8);
	}

}
