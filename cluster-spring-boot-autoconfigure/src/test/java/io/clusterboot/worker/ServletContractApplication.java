package io.clusterboot.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

import io.clusterboot.autoconfigure.ClusterAutoConfiguration;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.context.request.async.DeferredResult;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.handler.TextWebSocketHandler;

/**
 * What clients of {@link ServerContractTests} ask for, with Spring MVC.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({ ApplicationAvailabilityAutoConfiguration.class, SslAutoConfiguration.class,
		DispatcherServletAutoConfiguration.class, WebMvcAutoConfiguration.class, ClusterAutoConfiguration.class })
@Import(ServletContractApplication.Paths.class)
class ServletContractApplication {

	@Bean
	HeldRequests heldRequests() {
		return new HeldRequests();
	}

	@RestController
	static class Paths {

		private final HeldRequests requests;

		Paths(HeldRequests requests) {
			this.requests = requests;
		}

		@GetMapping("/hello")
		String hello() {
			return "hello";
		}

		@GetMapping("/hold")
		String hold(@RequestParam("name") String name) throws InterruptedException {
			this.requests.hold(name);
			return name;
		}

		@GetMapping("/nothing")
		@ResponseStatus(HttpStatus.NO_CONTENT)
		void nothing() {
		}

		@PostMapping("/upload")
		String upload(InputStream body) throws IOException {
			return Long.toString(body.transferTo(OutputStream.nullOutputStream()));
		}

		@PostMapping("/ignore")
		String ignore() {
			return "ignored";
		}

		/**
		 * Sends events for as long as there is somebody to send them to.
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
					emitter.send(SseEmitter.event().data("event"));
					Thread.sleep(10);
				}
			}
			catch (IOException | IllegalStateException | InterruptedException ex) {
				// the client or the container has ended it
			}
		}

		@GetMapping("/never")
		DeferredResult<String> never() {
			this.requests.arrived("never");
			return new DeferredResult<>(0L);
		}

		/**
		 * Has Tomcat send a file by itself, after the request has been processed.
		 */
		@GetMapping("/sendfile")
		void sendfile(@RequestParam("file") Path file, HttpServletRequest request, HttpServletResponse response)
				throws IOException {
			long length = Files.size(file);
			response.setContentLengthLong(length);
			request.setAttribute("org.apache.tomcat.sendfile.filename", file.toRealPath().toString());
			request.setAttribute("org.apache.tomcat.sendfile.start", 0L);
			request.setAttribute("org.apache.tomcat.sendfile.end", length);
		}

	}

	/**
	 * Sends each message back.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableWebSocket
	static class WebSockets {

		@Bean
		WebSocketConfigurer echo(HeldRequests requests) {
			return (registry) -> registry.addHandler(new TextWebSocketHandler() {

				@Override
				protected void handleTextMessage(WebSocketSession session, TextMessage message) throws IOException {
					session.sendMessage(message);
				}

				@Override
				public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
					requests.arrived("session closed with " + status.getCode());
				}

			}, "/echo");
		}

	}

}
