package io.clusterboot.it.app;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

import jakarta.servlet.http.HttpServletRequest;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * Every answer tells the pid of the process that gave it.
 */
@RestController
class PortsController {

	private static final long PID = ProcessHandle.current().pid();

	private final ApplicationContext context;

	private final Environment environment;

	PortsController(ApplicationContext context, Environment environment) {
		this.context = context;
		this.environment = environment;
	}

	@GetMapping("/pid")
	String pid() {
		return Long.toString(PID);
	}

	@GetMapping("/info")
	Info info(HttpServletRequest request) {
		return new Info(PID, Thread.currentThread().toString(), request.getScheme(), request.getProtocol(),
				request.getRemoteAddr(), request.getRemotePort(), request.getLocalAddr(), request.getLocalPort(),
				this.environment.getProperty("local.server.port", Integer.class),
				this.environment.getProperty("local.management.port", Integer.class),
				request.getAttribute("jakarta.servlet.request.cipher_suite"));
	}

	/**
	 * Holds the request until a file appears, and says on standard output that it is in
	 * flight. A test thus knows what is in flight without waiting for time to pass.
	 */
	@GetMapping("/hold")
	String hold(@RequestParam String name, @RequestParam Path gate) throws InterruptedException {
		System.out.println("holding " + name);
		FileGate.awaitFile(gate, Duration.ofMinutes(5));
		return Long.toString(PID);
	}

	@GetMapping("/slow")
	String slow(@RequestParam long ms) throws InterruptedException {
		Thread.sleep(ms);
		return Long.toString(PID);
	}

	@GetMapping("/sse")
	SseEmitter events(@RequestParam int events) {
		SseEmitter emitter = new SseEmitter();
		CompletableFuture.runAsync(() -> {
			try {
				for (int i = 1; i <= events; i++) {
					emitter.send(SseEmitter.event().id(Integer.toString(i)).data(PID));
				}
				emitter.complete();
			}
			catch (IOException ex) {
				emitter.completeWithError(ex);
			}
		});
		return emitter;
	}

	@GetMapping("/callable")
	Callable<String> callable() {
		return () -> Long.toString(PID);
	}

	@GetMapping("/deferred")
	DeferredResult<String> deferred() {
		DeferredResult<String> result = new DeferredResult<>();
		CompletableFuture.runAsync(() -> result.setResult(Long.toString(PID)));
		return result;
	}

	@PostMapping("/upload")
	Upload upload(InputStream body) throws IOException {
		long bytes = 0;
		byte[] buffer = new byte[8192];
		int read;
		while ((read = body.read(buffer)) != -1) {
			bytes += read;
		}
		return new Upload(PID, bytes);
	}

	/**
	 * Changes the readiness of this process; with a pid, only if it is this process.
	 */
	@PostMapping("/readiness/{wish}")
	String readiness(@PathVariable String wish, @RequestParam(required = false) Long pid) {
		if (pid != null && pid != PID) {
			throw new ResponseStatusException(HttpStatus.CONFLICT, "this is " + PID);
		}
		AvailabilityChangeEvent.publish(this.context,
				"accept".equals(wish) ? ReadinessState.ACCEPTING_TRAFFIC : ReadinessState.REFUSING_TRAFFIC);
		return Long.toString(PID);
	}

	record Info(long pid, String thread, String scheme, String protocol, String remoteAddress, int remotePort,
			String localAddress, int localPort, Integer localServerPort, Integer localManagementPort,
			Object cipherSuite) {
	}

	record Upload(long pid, long bytes) {
	}

}
