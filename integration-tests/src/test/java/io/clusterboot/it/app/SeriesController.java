package io.clusterboot.it.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Streams of events that end by themselves.
 */
@RestController
class SeriesController {

	private static final long PID = ProcessHandle.current().pid();

	private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor((task) -> {
		Thread thread = new Thread(task, "series");
		thread.setDaemon(true);
		return thread;
	});

	/**
	 * A number of events, numbered from 1.
	 */
	@GetMapping("/series")
	SseEmitter series(@RequestParam long interval, @RequestParam int events) {
		SseEmitter emitter = new SseEmitter(0L);
		AtomicInteger number = new AtomicInteger();
		CompletableFuture<Void> over = new CompletableFuture<>();
		Future<?> sending = this.scheduler.scheduleAtFixedRate(() -> {
			send(emitter, number.incrementAndGet());
			if (number.get() == events) {
				over.complete(null);
				emitter.complete();
			}
		}, interval, interval, TimeUnit.MILLISECONDS);
		over.thenRun(() -> sending.cancel(false));
		emitter.onCompletion(() -> over.complete(null));
		return emitter;
	}

	private static void send(SseEmitter emitter, int number) {
		try {
			emitter.send(SseEmitter.event().id(Integer.toString(number)).data(PID));
		}
		catch (IOException ex) {
			// the client is gone, of which the container tells: there is no next event
			throw new UncheckedIOException(ex);
		}
	}

}
