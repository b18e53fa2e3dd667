package io.clusterboot.it.app;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.clusterboot.balancing.ClusterLoad;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Answers of which a client can tell whether they are whole and in order. Each begins
 * with the pid of the process that gave it.
 */
@RestController
class LoadController {

	private static final long PID = ProcessHandle.current().pid();

	private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor((task) -> {
		Thread thread = new Thread(task, "events");
		thread.setDaemon(true);
		return thread;
	});

	private final ObjectProvider<ClusterLoad> clusterLoad;

	LoadController(ObjectProvider<ClusterLoad> clusterLoad) {
		this.clusterLoad = clusterLoad;
	}

	@GetMapping("/report")
	String report(@RequestParam double load) {
		this.clusterLoad.getObject().report(load);
		return Long.toString(PID);
	}

	@GetMapping("/number")
	String number(@RequestParam int n, @RequestParam long ms) throws InterruptedException {
		Thread.sleep(ms);
		return PID + " " + n;
	}

	@PostMapping("/digest")
	String digest(InputStream body) throws IOException, NoSuchAlgorithmException {
		MessageDigest digest = MessageDigest.getInstance("SHA-256");
		long bytes = 0;
		byte[] buffer = new byte[8192];
		int read;
		while ((read = body.read(buffer)) != -1) {
			digest.update(buffer, 0, read);
			bytes += read;
		}
		return "%d %d %s".formatted(PID, bytes, HexFormat.of().formatHex(digest.digest()));
	}

	/**
	 * Events without end, numbered from 1.
	 */
	@GetMapping("/events")
	SseEmitter events(@RequestParam long interval) {
		SseEmitter emitter = new SseEmitter(0L);
		AtomicInteger number = new AtomicInteger();
		Future<?> events = this.scheduler.scheduleAtFixedRate(() -> send(emitter, number.incrementAndGet()), interval,
				interval, TimeUnit.MILLISECONDS);
		emitter.onCompletion(() -> events.cancel(false));
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
