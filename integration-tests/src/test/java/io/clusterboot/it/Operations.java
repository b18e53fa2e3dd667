package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Calls the operations of {@code /actuator/cluster} that change the cluster.
 *
 * @param cluster the cluster
 */
record Operations(ClusterProcess cluster) {

	/**
	 * Call an operation without a body.
	 * @param operation the operation, with its parameters
	 * @return the answer
	 */
	Answer post(String operation) {
		return send(operation, "");
	}

	/**
	 * Call an operation.
	 * @param operation the operation
	 * @param json the body
	 * @return the answer
	 */
	Answer post(String operation, String json) {
		return send(operation, json, "Content-Type: application/json");
	}

	/**
	 * Call an operation that takes its time.
	 * @param operation the operation, with its parameters
	 * @return the answer, when it comes
	 */
	CompletableFuture<Answer> begin(String operation) {
		CompletableFuture<Answer> answer = new CompletableFuture<>();
		Thread thread = new Thread(() -> {
			try {
				answer.complete(post(operation));
			}
			catch (UncheckedIOException ex) {
				answer.completeExceptionally(ex);
			}
		}, "operation");
		thread.setDaemon(true);
		thread.start();
		return answer;
	}

	private Answer send(String operation, String body, String... headers) {
		try (HttpConnection connection = HttpConnection.open(this.cluster.managementPort(), Deadlines.EVENT)) {
			connection.send("POST", "/actuator/cluster/" + operation, body.getBytes(StandardCharsets.UTF_8), headers);
			HttpConnection.Reply reply = connection.read();
			return new Answer(reply.status(), reply.body());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(operation + " was not answered", ex);
		}
	}

	/**
	 * An answer.
	 *
	 * @param status its status
	 * @param body its body
	 */
	record Answer(int status, String body) {

		JsonNode json() {
			return JsonMapper.shared().readTree(this.body);
		}

		String state() {
			return json().path("state").asString();
		}

		String error() {
			return json().path("error").asString();
		}

	}

}
