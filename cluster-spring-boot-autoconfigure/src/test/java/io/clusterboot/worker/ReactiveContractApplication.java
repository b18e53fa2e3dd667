package io.clusterboot.worker;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;

import io.clusterboot.autoconfigure.ClusterAutoConfiguration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.http.HttpStatus;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.config.BlockingExecutionConfigurer;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;

/**
 * What clients of {@link ServerContractTests} ask for, with Spring WebFlux.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({ ApplicationAvailabilityAutoConfiguration.class, SslAutoConfiguration.class,
		NettyReactiveWebServerAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
		WebFluxAutoConfiguration.class, ClusterAutoConfiguration.class })
@Import(ReactiveContractApplication.Paths.class)
class ReactiveContractApplication implements WebFluxConfigurer {

	static final String MAX_CONNECTIONS = "test.max-connections";

	/**
	 * What blocks does not block an event loop.
	 */
	@Override
	public void configureBlockingExecution(BlockingExecutionConfigurer configurer) {
		configurer.setExecutor(new TaskExecutorAdapter(Executors.newCachedThreadPool((task) -> {
			Thread thread = new Thread(task, "blocking");
			thread.setDaemon(true);
			return thread;
		})));
	}

	@Bean
	HeldRequests heldRequests() {
		return new HeldRequests();
	}

	@Bean
	@ConditionalOnProperty(MAX_CONNECTIONS)
	NettyServerCustomizer maxConnections(Environment environment) {
		int maxConnections = environment.getRequiredProperty(MAX_CONNECTIONS, Integer.class);
		return (server) -> server.maxConnections(maxConnections);
	}

	/**
	 * Sends each message back.
	 */
	@Bean
	HandlerMapping echo(HeldRequests requests) {
		WebSocketHandler echo = (session) -> {
			session.closeStatus().subscribe((status) -> requests.arrived("session closed with " + status.getCode()));
			return session.send(session.receive().map((message) -> session.textMessage(message.getPayloadAsText())));
		};
		return new SimpleUrlHandlerMapping(Map.of("/echo", echo), -1);
	}

	@RestController
	static class Paths {

		private final HeldRequests requests;

		Paths(HeldRequests requests) {
			this.requests = requests;
		}

		@GetMapping("/hello")
		Mono<String> hello() {
			return Mono.just("hello");
		}

		@GetMapping("/hold")
		String hold(@RequestParam("name") String name) throws InterruptedException {
			this.requests.hold(name);
			return name;
		}

		@GetMapping("/nothing")
		@ResponseStatus(HttpStatus.NO_CONTENT)
		Mono<Void> nothing() {
			return Mono.empty();
		}

		@PostMapping("/upload")
		Mono<String> upload(ServerHttpRequest request) {
			return request.getBody().map(Paths::size).reduce(0L, Long::sum).map((bytes) -> Long.toString(bytes));
		}

		private static long size(DataBuffer buffer) {
			long size = buffer.readableByteCount();
			DataBufferUtils.release(buffer);
			return size;
		}

		@PostMapping("/ignore")
		Mono<String> ignore() {
			return Mono.just("ignored");
		}

		/**
		 * Sends events for as long as there is somebody to send them to.
		 */
		@GetMapping("/endless")
		Flux<ServerSentEvent<String>> endless() {
			return Flux.interval(Duration.ofMillis(10))
				.onBackpressureBuffer()
				.map((number) -> ServerSentEvent.builder("event").build());
		}

		@GetMapping("/never")
		Mono<String> never() {
			this.requests.arrived("never");
			return Mono.never();
		}

		/**
		 * Has the kernel send a file by itself.
		 */
		@GetMapping("/sendfile")
		Mono<Resource> sendfile(@RequestParam("file") Path file) {
			return Mono.just(new FileSystemResource(file));
		}

	}

}
