package io.clusterboot.it.reactive;

import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;

import io.clusterboot.balancing.ClusterLoad;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * Answers of which a client can tell whether they are whole and in order, and answers
 * that take long, that never come, or that are unlike others on the wire.
 */
@RestController
class ReactiveLoadController {

	private static final long PID = ProcessHandle.current().pid();

	private final ObjectProvider<ClusterLoad> clusterLoad;

	ReactiveLoadController(ObjectProvider<ClusterLoad> clusterLoad) {
		this.clusterLoad = clusterLoad;
	}

	@GetMapping("/report")
	Mono<String> report(@RequestParam double load) {
		this.clusterLoad.getObject().report(load);
		return Mono.just(Long.toString(PID));
	}

	@GetMapping("/number")
	Mono<String> number(@RequestParam int n, @RequestParam long ms) {
		Mono<String> number = Mono.just(PID + " " + n);
		return (ms > 0) ? number.delayElement(Duration.ofMillis(ms)) : number;
	}

	@PostMapping("/digest")
	Mono<String> digest(ServerHttpRequest request) throws NoSuchAlgorithmException {
		MessageDigest digest = MessageDigest.getInstance("SHA-256");
		return request.getBody()
			.map((buffer) -> update(digest, buffer))
			.reduce(0L, Long::sum)
			.map((bytes) -> "%d %d %s".formatted(PID, bytes, HexFormat.of().formatHex(digest.digest())));
	}

	private static long update(MessageDigest digest, DataBuffer buffer) {
		byte[] part = new byte[buffer.readableByteCount()];
		buffer.read(part);
		DataBufferUtils.release(buffer);
		digest.update(part);
		return part.length;
	}

	/**
	 * Events without end, numbered from 1.
	 */
	@GetMapping("/events")
	Flux<ServerSentEvent<Long>> events(@RequestParam long interval) {
		return Flux.interval(Duration.ofMillis(interval))
			// while a machine is too slow to write them, events wait
			.onBackpressureBuffer()
			.map((number) -> ServerSentEvent.builder(PID).id(Long.toString(number + 1)).build());
	}

	/**
	 * Sends an event every 50 ms for as long as there is somebody to send it to.
	 */
	@GetMapping("/endless")
	Flux<ServerSentEvent<Long>> endless() {
		return Flux.interval(Duration.ofMillis(50))
			.onBackpressureBuffer()
			.map((number) -> ServerSentEvent.builder(PID).build());
	}

	/**
	 * A request that nobody ever answers.
	 */
	@GetMapping("/never")
	Mono<String> never() {
		System.out.println("waiting for ever");
		return Mono.never();
	}

	@GetMapping("/nothing")
	@ResponseStatus(HttpStatus.NO_CONTENT)
	Mono<Void> nothing() {
		return Mono.empty();
	}

	/**
	 * Ignores what is sent.
	 */
	@PostMapping("/ignore")
	Mono<String> ignore() {
		return Mono.just(Long.toString(PID));
	}

	/**
	 * Has the kernel send a file by itself.
	 */
	@GetMapping("/sendfile")
	Mono<Resource> sendfile(@RequestParam Path file) {
		return Mono.just(new FileSystemResource(file));
	}

}
