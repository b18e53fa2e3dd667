package io.clusterboot.it.reactive;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

import javax.net.ssl.SSLSession;

import io.clusterboot.it.app.FileGate;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Every answer tells the pid of the process that gave it.
 */
@RestController
class ReactivePortsController {

	private static final long PID = ProcessHandle.current().pid();

	private final ApplicationContext context;

	private final Environment environment;

	ReactivePortsController(ApplicationContext context, Environment environment) {
		this.context = context;
		this.environment = environment;
	}

	@GetMapping("/pid")
	Mono<String> pid() {
		return Mono.just(Long.toString(PID));
	}

	@GetMapping("/info")
	Mono<Info> info(ServerHttpRequest request) {
		HttpServerRequest nativeRequest = ServerHttpRequestDecorator.getNativeRequest(request);
		SSLSession session = session(nativeRequest);
		return Mono.just(new Info(PID, Thread.currentThread().toString(), request.getURI().getScheme(),
				nativeRequest.protocol(), request.getRemoteAddress().getAddress().getHostAddress(),
				request.getRemoteAddress().getPort(), request.getLocalAddress().getAddress().getHostAddress(),
				request.getLocalAddress().getPort(), this.environment.getProperty("local.server.port", Integer.class),
				this.environment.getProperty("local.management.port", Integer.class),
				(session != null) ? session.getProtocol() : null, (session != null) ? session.getCipherSuite() : null));
	}

	private static SSLSession session(HttpServerRequest request) {
		AtomicReference<Channel> channel = new AtomicReference<>();
		request.withConnection((connection) -> channel.set(connection.channel()));
		SslHandler handler = channel.get().pipeline().get(SslHandler.class);
		if (handler == null) {
			handler = channel.get().parent().pipeline().get(SslHandler.class);
		}
		return (handler != null) ? handler.engine().getSession() : null;
	}

	/**
	 * Holds the request until a file appears, and says on standard output that it is in
	 * flight.
	 */
	@GetMapping("/hold")
	String hold(@RequestParam String name, @RequestParam Path gate) throws InterruptedException {
		System.out.println("holding " + name);
		FileGate.awaitFile(gate, Duration.ofMinutes(5));
		return Long.toString(PID);
	}

	@GetMapping("/slow")
	Mono<String> slow(@RequestParam long ms) {
		return Mono.delay(Duration.ofMillis(ms)).thenReturn(Long.toString(PID));
	}

	@GetMapping("/sse")
	Flux<ServerSentEvent<Long>> events(@RequestParam int events) {
		return Flux.range(1, events).map((id) -> ServerSentEvent.builder(PID).id(Integer.toString(id)).build());
	}

	@GetMapping("/callable")
	Mono<String> callable() {
		return Mono.fromCallable(() -> Long.toString(PID));
	}

	@GetMapping("/deferred")
	CompletableFuture<String> deferred() {
		return CompletableFuture.supplyAsync(() -> Long.toString(PID));
	}

	@PostMapping("/upload")
	Mono<Upload> upload(ServerHttpRequest request) {
		return request.getBody()
			.map(ReactivePortsController::size)
			.reduce(0L, Long::sum)
			.map((bytes) -> new Upload(PID, bytes));
	}

	private static long size(DataBuffer buffer) {
		long size = buffer.readableByteCount();
		DataBufferUtils.release(buffer);
		return size;
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
			String secureProtocol, String cipherSuite) {
	}

	record Upload(long pid, long bytes) {
	}

}
