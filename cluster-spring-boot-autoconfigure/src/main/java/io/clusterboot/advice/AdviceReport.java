package io.clusterboot.advice;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

import io.clusterboot.ClusterProperties.Advice;
import io.clusterboot.ClusterProperties.Advice.Topic;
import io.clusterboot.scheduling.OncePerCluster;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;

/**
 * Logs once, in the first leader of a cluster, what in its application is not safe with
 * several workers. Thread-safe.
 */
public class AdviceReport {

	private static final Log logger = LogFactory.getLog(AdviceReport.class);

	private final List<Advisor> advisors;

	private final Advice settings;

	private final Callable<Integer> workers;

	private final Duration patience;

	/**
	 * Create a report.
	 * @param advisors who is asked
	 * @param settings what is not to be said
	 * @param workers finds out the number of workers; with one, everything is safe
	 * @param patience longest time that each advisor may take
	 */
	public AdviceReport(List<Advisor> advisors, Advice settings, Callable<Integer> workers, Duration patience) {
		this.advisors = advisors.stream().sorted(Comparator.comparing(Advisor::topic)).toList();
		this.settings = settings;
		this.workers = workers;
		this.patience = patience;
	}

	/**
	 * Write the report. What else the application does once when it is ready does not
	 * wait for it.
	 */
	@OncePerCluster("io.clusterboot.advice")
	@EventListener(ApplicationReadyEvent.class)
	public void report() {
		startThread("cluster-advice", this::write);
	}

	private void write() {
		try {
			int count = this.workers.call();
			String text = (count > 1) ? text(count) : null;
			if (text != null) {
				logger.warn(text);
			}
		}
		catch (Exception ex) {
			logger.debug("No advice", ex);
		}
	}

	@Nullable String text(int count) {
		Map<Topic, String> advice = new TreeMap<>();
		for (Advisor advisor : this.advisors) {
			String said = this.settings.acknowledged().contains(advisor.topic()) ? null : ask(advisor);
			if (said != null) {
				advice.put(advisor.topic(), said);
			}
		}
		if (advice.isEmpty()) {
			return null;
		}
		return "Not all of this application is made for %d workers:%n%s%nWhat is meant to be so can be acknowledged: cluster.advice.acknowledged=%s"
			.formatted(count,
					advice.entrySet()
						.stream()
						.map((item) -> "  %s: %s".formatted(item.getKey(), item.getValue()))
						.collect(Collectors.joining(System.lineSeparator())),
					advice.keySet().stream().map(Topic::toString).collect(Collectors.joining(",")));
	}

	/**
	 * A database that does not answer must not keep the rest from being said.
	 */
	private @Nullable String ask(Advisor advisor) {
		CompletableFuture<@Nullable String> answer = new CompletableFuture<>();
		startThread("cluster-advice-" + advisor.topic(), () -> {
			try {
				answer.complete(advisor.advise());
			}
			catch (Exception | LinkageError ex) {
				answer.completeExceptionally(ex);
			}
		});
		try {
			return answer.get(this.patience.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.debug("No advice on %s".formatted(advisor.topic()), ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return null;
	}

	private static void startThread(String name, Runnable task) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		thread.start();
	}

}
