package io.clusterboot.it.reactive;

import java.time.Duration;

import reactor.core.publisher.Flux;

import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Streams of events that end by themselves.
 */
@RestController
class ReactiveSeriesController {

	private static final long PID = ProcessHandle.current().pid();

	/**
	 * A number of events, numbered from 1.
	 */
	@GetMapping("/series")
	Flux<ServerSentEvent<Long>> series(@RequestParam long interval, @RequestParam int events) {
		return Flux.interval(Duration.ofMillis(interval))
			// while a machine is too slow to write them, events wait
			.onBackpressureBuffer()
			.take(events)
			.map((number) -> ServerSentEvent.builder(PID).id(Long.toString(number + 1)).build());
	}

}
