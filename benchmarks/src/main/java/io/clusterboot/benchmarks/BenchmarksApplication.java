package io.clusterboot.benchmarks;

import io.clusterboot.messaging.ClusterMessageListener;
import io.clusterboot.messaging.ClusterMessaging;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.event.EventListener;

/**
 * A cluster whose last worker, as soon as it is ready, measures what it can do with the
 * others, and stops the cluster then. JMH runs within that worker, without forks of its
 * own: what is measured needs the cluster around it.
 */
@SpringBootApplication
public class BenchmarksApplication {

	private final ClusterMessaging messaging;

	private final int id;

	private final int workers;

	BenchmarksApplication(ClusterMessaging messaging, @Value("${io.clusterboot.worker.id}") int id,
			@Value("${cluster.workers}") int workers) {
		this.messaging = messaging;
		this.id = id;
		this.workers = workers;
	}

	public static void main(String[] args) {
		SpringApplication.run(BenchmarksApplication.class, args);
	}

	@EventListener
	void readinessChanged(AvailabilityChangeEvent<ReadinessState> event) {
		if (event.getState() == ReadinessState.ACCEPTING_TRAFFIC && this.id == this.workers) {
			Thread thread = new Thread(this::measure, "jmh");
			thread.setDaemon(true);
			thread.start();
		}
	}

	private void measure() {
		MessagingBenchmark.Cluster.use(this.messaging);
		try {
			new Runner(new OptionsBuilder().include(MessagingBenchmark.class.getSimpleName()).forks(0).build()).run();
		}
		catch (RunnerException ex) {
			throw new IllegalStateException(ex);
		}
		finally {
			ProcessHandle.current().parent().ifPresent(ProcessHandle::destroy);
		}
	}

	@ClusterMessageListener(topic = "echo")
	MessagingBenchmark.Note echo(MessagingBenchmark.Note note) {
		return note;
	}

	@ClusterMessageListener(topic = "note")
	void note(MessagingBenchmark.Note note) {
	}

}
