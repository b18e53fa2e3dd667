package io.clusterboot.it.app;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import io.clusterboot.event.ClusterEvent;
import io.clusterboot.event.ClusterInfo;
import io.clusterboot.event.ReloadFinishedEvent;
import io.clusterboot.event.ReloadStartedEvent;
import io.clusterboot.event.ScaledEvent;
import io.clusterboot.event.WorkerDisconnectedEvent;
import io.clusterboot.event.WorkerExitedEvent;
import io.clusterboot.event.WorkerListeningEvent;
import io.clusterboot.event.WorkerOnlineEvent;
import io.clusterboot.scheduling.OncePerCluster;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

/**
 * Writes what this worker learns of its cluster to files in a directory, which a test can
 * read whichever worker it is about: {@code events-PID} has a line for each event;
 * {@code leader-PID} exists while this process is the leader; {@code runs} has a line for
 * each begin and end of the method that runs once per cluster, {@code starts} for that
 * which runs once in its life. While there is a file {@code hold}, no run ends.
 */
@Configuration(proxyBeanMethods = false)
@EnableScheduling
@ConditionalOnProperty("app.life-directory")
class ClusterLife {

	private static final long PID = ProcessHandle.current().pid();

	private final Path directory;

	private final ClusterInfo info;

	ClusterLife(@Value("${app.life-directory}") Path directory, ClusterInfo info) {
		this.directory = directory;
		this.info = info;
		Thread watcher = new Thread(this::watch, "leader-watch");
		watcher.setDaemon(true);
		watcher.start();
	}

	private void watch() {
		Path file = this.directory.resolve("leader-" + PID);
		try {
			while (true) {
				if (!this.info.isLeader()) {
					Files.deleteIfExists(file);
				}
				else if (!Files.exists(file)) {
					Files.createFile(file);
				}
				Thread.sleep(10);
			}
		}
		catch (IOException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@EventListener
	void happened(ClusterEvent event) {
		write("events-" + PID, describe(event));
	}

	private String describe(ClusterEvent event) {
		if (event instanceof WorkerOnlineEvent online) {
			return "online " + online.worker().id();
		}
		if (event instanceof WorkerListeningEvent listening) {
			return "listening " + listening.worker().id();
		}
		if (event instanceof WorkerDisconnectedEvent disconnected) {
			return "disconnected " + disconnected.worker().id();
		}
		if (event instanceof WorkerExitedEvent exited) {
			boolean member = this.info.members().stream().anyMatch((other) -> other.id() == exited.worker().id());
			return "exited %d %d %s%s".formatted(exited.worker().id(), exited.code(), exited.signal(),
					member ? " but still a member" : "");
		}
		if (event instanceof ReloadStartedEvent started) {
			return "reload " + started.reload().state();
		}
		if (event instanceof ReloadFinishedEvent finished) {
			return "reload " + finished.reload().state();
		}
		return (event instanceof ScaledEvent scaled) ? "scaled %d %d".formatted(scaled.from(), scaled.to())
				: event.toString();
	}

	@OncePerCluster
	@Scheduled(fixedDelay = 20)
	void run() throws InterruptedException {
		write("runs", "begin " + PID);
		try {
			do {
				Thread.sleep(100);
			}
			while (Files.exists(this.directory.resolve("hold")));
		}
		finally {
			write("runs", "end " + PID);
		}
	}

	@OncePerCluster
	@EventListener(ApplicationReadyEvent.class)
	void start() {
		write("starts", Long.toString(PID));
	}

	/**
	 * One write, which an interrupt does not break.
	 */
	private void write(String file, String line) {
		try (FileOutputStream out = new FileOutputStream(this.directory.resolve(file).toFile(), true)) {
			out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
