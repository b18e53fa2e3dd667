package io.clusterboot.messaging;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;

import org.jspecify.annotations.Nullable;

/**
 * A message to all other workers. Those that exit in the meantime are not waited for.
 */
final class BroadcastSending extends Sending {

	/** Who gets it; not known at first. */
	private @Nullable Set<Integer> recipients;

	/** Those who need not be waited for any more. */
	private final Set<Integer> settled = new HashSet<>();

	private final List<String> failures = new ArrayList<>();

	/**
	 * Create a sending.
	 * @param what what it is, for exceptions
	 * @param window the window, of which the size has been acquired
	 * @param size size in the window
	 */
	BroadcastSending(String what, Semaphore window, int size) {
		super(what, window, size);
	}

	/**
	 * Those that have not taken it yet.
	 * @return names for exceptions
	 */
	synchronized String missing() {
		return String.join(", ", awaited().stream().sorted().map(Sending::name).toList());
	}

	private Set<Integer> awaited() {
		Set<Integer> awaited = new HashSet<>((this.recipients != null) ? this.recipients : Set.of());
		awaited.removeAll(this.settled);
		return awaited;
	}

	@Override
	synchronized void recipients(List<Integer> workers) {
		this.recipients = Set.copyOf(workers);
		completeIfTaken();
	}

	@Override
	synchronized void takenBy(int worker) {
		this.settled.add(worker);
		completeIfTaken();
	}

	@Override
	synchronized void undeliverable(int worker, String reason) {
		this.failures.add("%s: %s".formatted(name(worker), reason));
		takenBy(worker);
	}

	@Override
	synchronized void gone(int worker) {
		takenBy(worker);
	}

	@Override
	void replied(int worker, byte[] payload, @Nullable String failure) {
		takenBy(worker);
	}

	private void completeIfTaken() {
		if (this.recipients == null || !awaited().isEmpty()) {
			return;
		}
		if (this.failures.isEmpty()) {
			wasTaken();
		}
		else {
			fail(new ClusterMessagingException(
					"%s has not reached all: %s".formatted(what(), String.join("; ", this.failures))));
		}
	}

}
