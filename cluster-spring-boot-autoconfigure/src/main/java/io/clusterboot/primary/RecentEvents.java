package io.clusterboot.primary;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.Occurrence;
import io.clusterboot.protocol.PastEvent;
import io.clusterboot.protocol.ReloadDescription;

/**
 * Remembers what has happened last, in words, for those who look later. Belongs to the
 * supervisor's thread.
 */
final class RecentEvents {

	private static final int REMEMBERED = 50;

	private final Deque<PastEvent> events = new ArrayDeque<>();

	private long last;

	/**
	 * Remember something.
	 * @param occurrence what has happened
	 * @param reason why, if that is known
	 */
	void add(Occurrence occurrence, String reason) {
		if (occurrence instanceof Occurrence.Online online) {
			add("worker-online", name(online.worker()) + " is online");
		}
		else if (occurrence instanceof Occurrence.Listening listening) {
			add("worker-listening", name(listening.worker()) + " accepts connections");
		}
		else if (occurrence instanceof Occurrence.Disconnected disconnected) {
			add("worker-disconnected", name(disconnected.worker()) + " drains");
		}
		else if (occurrence instanceof Occurrence.Exited exited) {
			add("worker-exited", "%s exited: %s".formatted(name(exited.worker()), reason));
		}
		else if (occurrence instanceof Occurrence.ReloadStarted started) {
			add("reload-started", "Reload %d (%s) begins".formatted(started.reload().id(), started.reload().trigger()));
		}
		else if (occurrence instanceof Occurrence.ReloadFinished finished) {
			add("reload-finished", describe(finished.reload()));
		}
		else if (occurrence instanceof Occurrence.Scaled scaled) {
			add("scaled", "From %d to %d workers".formatted(scaled.from(), scaled.to()));
		}
	}

	private static String name(MemberDescription worker) {
		return "worker-%d (index %d, pid %d)".formatted(worker.id(), worker.index(), worker.pid());
	}

	private static String describe(ReloadDescription reload) {
		ReloadDescription.Failure failure = reload.failure();
		return "Reload %d is %s%s".formatted(reload.id(), reload.state(),
				(failure != null) ? ": " + failure.reason() : "");
	}

	private void add(String name, String text) {
		this.events.add(new PastEvent(++this.last, Instant.now(), name, text));
		if (this.events.size() > REMEMBERED) {
			this.events.remove();
		}
	}

	/**
	 * What has happened last.
	 * @return the events, oldest first
	 */
	List<PastEvent> list() {
		return List.copyOf(this.events);
	}

}
