package io.clusterboot.it.reactive;

import reactor.core.publisher.Mono;

import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.WebSocketSession;

/**
 * Sends each message back, behind the pid of this process.
 */
class ReactiveEchoHandler implements WebSocketHandler {

	@Override
	public Mono<Void> handle(WebSocketSession session) {
		session.closeStatus().subscribe((status) -> System.out.println("session closed with " + status.getCode()));
		return session.send(session.receive()
			.map((message) -> session.textMessage(ProcessHandle.current().pid() + " " + message.getPayloadAsText())));
	}

}
