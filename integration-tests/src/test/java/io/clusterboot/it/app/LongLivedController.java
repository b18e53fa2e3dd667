package io.clusterboot.it.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Answers that take long, that never come, or that are unlike others on the wire.
 */
@RestController
class LongLivedController {

	private static final long PID = ProcessHandle.current().pid();

	/**
	 * Sends an event every 50 ms for as long as there is somebody to send it to.
	 */
	@GetMapping("/endless")
	SseEmitter endless() {
		SseEmitter emitter = new SseEmitter(0L);
		Thread sender = new Thread(() -> send(emitter), "endless");
		sender.setDaemon(true);
		emitter.onCompletion(sender::interrupt);
		sender.start();
		return emitter;
	}

	private static void send(SseEmitter emitter) {
		try {
			while (true) {
				emitter.send(SseEmitter.event().data(PID));
				Thread.sleep(50);
			}
		}
		catch (IOException | IllegalStateException | InterruptedException ex) {
			// the client or the container has ended it
		}
	}

	/**
	 * A request that nobody ever answers.
	 */
	@GetMapping("/never")
	DeferredResult<String> never() {
		System.out.println("waiting for ever");
		return new DeferredResult<>(0L);
	}

	@GetMapping("/nothing")
	@ResponseStatus(HttpStatus.NO_CONTENT)
	void nothing() {
	}

	/**
	 * Ignores what is sent.
	 */
	@PostMapping("/ignore")
	String ignore() {
		return Long.toString(PID);
	}

	/**
	 * Has Tomcat send a file by itself, after the request has been processed.
	 */
	@GetMapping("/sendfile")
	void sendfile(@RequestParam Path file, HttpServletRequest request, HttpServletResponse response)
			throws IOException {
		long length = Files.size(file);
		response.setContentLengthLong(length);
		request.setAttribute("org.apache.tomcat.sendfile.filename", file.toRealPath().toString());
		request.setAttribute("org.apache.tomcat.sendfile.start", 0L);
		request.setAttribute("org.apache.tomcat.sendfile.end", length);
	}

}
