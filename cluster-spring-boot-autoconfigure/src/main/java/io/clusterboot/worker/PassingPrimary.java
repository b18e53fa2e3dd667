package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.Failures;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.ListenAddress;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Answers the primary over the link, and tells it how busy this worker is.
 * <p>
 * Thread-safe.
 */
final class PassingPrimary implements PassedServerSocket.Primary, HandOver.Primary {

	private static final Log logger = LogFactory.getLog(PassingPrimary.class);

	/** Longest time for which the primary does not know of a change. */
	private static final Duration PULSE = Duration.ofMillis(50);

	private final PrimaryLink link;

	private final Supplier<Busyness> meter;

	private @Nullable ScheduledExecutorService pulse;

	/** What has been told last; not known after something has been told on the side. */
	private @Nullable Busyness told;

	PassingPrimary(PrimaryLink link, Supplier<Busyness> meter) {
		this.link = link;
		this.meter = meter;
	}

	/**
	 * Tell the primary from now on how busy this worker is, whenever that has changed.
	 */
	synchronized void start() {
		if (this.pulse == null) {
			this.pulse = Executors.newSingleThreadScheduledExecutor((task) -> {
				Thread thread = new Thread(task, "cluster-busyness");
				thread.setDaemon(true);
				return thread;
			});
			this.pulse.scheduleWithFixedDelay(this::tell, PULSE.toMillis(), PULSE.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	private synchronized void tell() {
		try {
			Busyness busyness = this.meter.get();
			if (!busyness.equals(this.told) && !this.link.isCongested()
					&& this.link.send(new FromWorker.Busy(busyness))) {
				this.told = busyness;
			}
		}
		catch (RuntimeException | LinkageError ex) {
			// a scheduled task that throws is not run again
			logger.warn("The primary could not be told how busy this worker is", ex);
		}
	}

	/**
	 * With a connection the primary hears something else than at the last pulse: what is
	 * the same as then is news again.
	 */
	private synchronized void toldOnTheSide() {
		this.told = null;
	}

	@Override
	public void gate(ListenAddress address, boolean open) {
		this.link.send(new FromWorker.Gate(address, open));
	}

	@Override
	public boolean taken(long number) {
		boolean left = this.link.sendAndWait(new FromWorker.ConnectionTaken(number, this.meter.get()));
		toldOnTheSide();
		return left;
	}

	@Override
	public void declined(long number) {
		this.link.send(new FromWorker.ConnectionDeclined(number));
	}

	@Override
	public void takesOver(ListenAddress address, boolean open) {
		this.link.send(new FromWorker.TakesOver(address, open));
	}

	@Override
	public CompletableFuture<Boolean> handOver(ListenAddress address, KeptConnection kept, FileDescriptor descriptor) {
		return this.link.offer((exchange) -> new FromWorker.HandOver(exchange, address, kept), descriptor)
			.handle((answered, failure) -> (answered != null) ? ((FromPrimary.HandedOver) answered.message()).taken()
					: !(Failures.causeOf(failure) instanceof PrimaryLink.NotSentException));
	}

	@Override
	public void lastCall(ListenAddress address, Duration atMost) {
		try {
			this.link.ask((exchange) -> new FromWorker.LastCall(exchange, address), atMost);
		}
		catch (IOException ex) {
			logger.debug("No last call for %s: %s".formatted(address, ex.getMessage()));
		}
	}

}
