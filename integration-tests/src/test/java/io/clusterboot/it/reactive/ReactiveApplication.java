package io.clusterboot.it.reactive;

import java.util.Map;
import java.util.concurrent.Executors;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.ComponentScan.Filter;
import org.springframework.context.annotation.FilterType;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.config.BlockingExecutionConfigurer;
import org.springframework.web.reactive.config.WebFluxConfigurer;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;

/**
 * The application of the tests on WebFlux. It answers at the same paths as
 * {@link io.clusterboot.it.app.PortsApplication} does, with which it shares what is not
 * about HTTP. What blocks does so on other threads than the event loops.
 */
@SpringBootApplication
@ComponentScan
@ComponentScan(basePackages = "io.clusterboot.it.app", useDefaultFilters = false,
		includeFilters = @Filter(type = FilterType.REGEX, pattern = ".*\\.(StartSwitches|ClusterLife|ControlController"
				+ "|MessagesController|MessageReceiver|TaskController|ProcessController)"))
public class ReactiveApplication implements WebFluxConfigurer {

	public static void main(String[] args) {
		SpringApplication.run(ReactiveApplication.class, args);
	}

	@Bean
	HandlerMapping echoMapping() {
		return new SimpleUrlHandlerMapping(Map.of("/echo", new ReactiveEchoHandler()), -1);
	}

	@Bean
	@ConditionalOnProperty("app.max-connections")
	NettyServerCustomizer maxConnections(@Value("${app.max-connections}") int maxConnections) {
		return (server) -> server.maxConnections(maxConnections);
	}

	@Override
	public void configureBlockingExecution(BlockingExecutionConfigurer configurer) {
		configurer.setExecutor(blocking());
	}

	private static AsyncTaskExecutor blocking() {
		return new TaskExecutorAdapter(Executors.newCachedThreadPool((task) -> {
			Thread thread = new Thread(task, "blocking");
			thread.setDaemon(true);
			return thread;
		}));
	}

}
