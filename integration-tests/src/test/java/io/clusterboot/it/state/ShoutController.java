package io.clusterboot.it.state;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.clusterboot.messaging.ClusterMessage;
import io.clusterboot.messaging.ClusterMessageListener;
import io.clusterboot.messaging.ClusterMessaging;
import io.clusterboot.messaging.Scope;

import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Sends messages to all nodes, and tells what has been heard.
 */
@RestController
class ShoutController {

	private final ClusterMessaging messaging;

	private final List<String> heard = new CopyOnWriteArrayList<>();

	ShoutController(ClusterMessaging messaging) {
		this.messaging = messaging;
	}

	@GetMapping("/shout")
	ResponseEntity<String> shout(@RequestParam String text) {
		try {
			this.messaging.broadcast("shout", text, Scope.ALL_NODES);
			return ResponseEntity.ok("shouted");
		}
		catch (RuntimeException ex) {
			return ResponseEntity.status(409).body(String.valueOf(ex.getMessage()));
		}
	}

	@GetMapping("/heard")
	List<String> heard() {
		return this.heard;
	}

	@ClusterMessageListener(topic = "shout")
	void hear(String text, ClusterMessage message) {
		this.heard.add((message.node() != null) ? text + " from afar" : text);
	}

}
