package io.clusterboot.it.app;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

import io.clusterboot.it.app.MessageReceiver.Note;
import io.clusterboot.messaging.ClusterMessaging;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Sends messages to other workers, and says what came of it.
 */
@RestController
@RequestMapping("/messages")
class MessagesController {

	/** No test waits for it. */
	private static final Duration LONG = Duration.ofMinutes(5);

	private final ObjectProvider<ClusterMessaging> messaging;

	private final MessageReceiver receiver;

	MessagesController(ObjectProvider<ClusterMessaging> messaging, MessageReceiver receiver) {
		this.messaging = messaging;
		this.receiver = receiver;
	}

	@GetMapping
	List<String> received() {
		return this.receiver.received();
	}

	@PostMapping("/broadcast")
	String broadcast(@RequestBody String text) {
		this.messaging.getObject().broadcast("note", new Note(text, List.of(1, 2)));
		return "taken";
	}

	@PostMapping("/send/{worker}/{topic}")
	String send(@PathVariable int worker, @PathVariable String topic, @RequestBody JsonNode payload) {
		this.messaging.getObject().send(worker, topic, payload);
		return "taken";
	}

	@PostMapping("/send/{worker}/numbers")
	String sendNumbers(@PathVariable int worker, @RequestParam int count) {
		for (int i = 0; i < count; i++) {
			this.messaging.getObject().send(worker, "count", i);
		}
		return "taken";
	}

	@PostMapping("/send/{worker}/unwritable")
	String sendUnwritable(@PathVariable int worker) {
		this.messaging.getObject().send(worker, "note", new Unwritable());
		return "taken";
	}

	@PostMapping("/primary")
	String primary(@RequestBody String text) {
		this.messaging.getObject().sendToPrimary("note", text);
		return "taken";
	}

	@PostMapping("/sums/{worker}")
	Map<String, Long> sums(@PathVariable int worker, @RequestBody Map<String, List<Note>> notes) {
		return this.messaging.getObject()
			.request(worker, "sums", notes, new ParameterizedTypeReference<Map<String, Long>>() {
			}, LONG)
			.join();
	}

	@PostMapping("/request/{target}/{topic}")
	JsonNode request(@PathVariable int target, @PathVariable String topic, @RequestBody JsonNode payload,
			@RequestParam(required = false) Long timeout) {
		return this.messaging.getObject()
			.request(target, topic, payload, JsonNode.class, (timeout != null) ? Duration.ofMillis(timeout) : LONG)
			.join();
	}

	@PostMapping("/request/{target}/bytes")
	int requestBytes(@PathVariable int target, @RequestParam int length) {
		return this.messaging.getObject().request(target, "bytes", "x".repeat(length), Integer.class, LONG).join();
	}

	/**
	 * With 500 Tomcat would close the connection, by which a test keeps to a worker.
	 */
	@ExceptionHandler(RuntimeException.class)
	ResponseEntity<String> failed(RuntimeException failure) {
		Throwable cause = (failure.getCause() != null && failure instanceof CompletionException) ? failure.getCause()
				: failure;
		return ResponseEntity.status(409).body(cause.getClass().getSimpleName() + ": " + cause.getMessage());
	}

	/**
	 * Cannot be written as JSON.
	 */
	static final class Unwritable {

		public String getText() {
			throw new UnsupportedOperationException("no text");
		}

	}

}
