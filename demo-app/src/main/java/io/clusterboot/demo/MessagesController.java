package io.clusterboot.demo;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import io.clusterboot.messaging.ClusterMessage;
import io.clusterboot.messaging.ClusterMessageListener;
import io.clusterboot.messaging.ClusterMessaging;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Sends a text to all other workers, and shows what this one has received.
 */
@RestController
@RequestMapping("/messages")
class MessagesController {

	private static final String TOPIC = "text";

	private static final int KEPT = 100;

	private static final int LONGEST = 1000;

	private final ClusterMessaging messaging;

	private final WorkerProcess process;

	private final Deque<Received> received = new ArrayDeque<>();

	MessagesController(ClusterMessaging messaging, WorkerProcess process) {
		this.messaging = messaging;
		this.process = process;
	}

	@PostMapping(consumes = MediaType.TEXT_PLAIN_VALUE)
	Sent send(@RequestBody String text) {
		if (text.length() > LONGEST) {
			throw new ErrorResponseException(HttpStatus.CONTENT_TOO_LARGE,
					ProblemDetail.forStatusAndDetail(HttpStatus.CONTENT_TOO_LARGE,
							"The text has %d characters: send %d at the most".formatted(text.length(), LONGEST)),
					null);
		}
		this.messaging.broadcast(TOPIC, text);
		return new Sent(this.process.pid(), text);
	}

	@GetMapping
	Messages received() {
		synchronized (this.received) {
			return new Messages(this.process.pid(), List.copyOf(this.received));
		}
	}

	@ClusterMessageListener(topic = TOPIC)
	void receive(String text, ClusterMessage message) {
		synchronized (this.received) {
			this.received.add(new Received(message.sender(), text));
			if (this.received.size() > KEPT) {
				this.received.remove();
			}
		}
	}

	record Sent(long pid, String text) {

	}

	record Messages(long pid, List<Received> received) {

	}

	record Received(int sender, String text) {

	}

}
