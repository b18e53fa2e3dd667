package io.clusterboot.worker;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.ListenAddress;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Answers the primary over the link.
 */
final class PassingPrimary implements PassedServerSocket.Primary {

	private static final Log logger = LogFactory.getLog(PassingPrimary.class);

	/** A socket on this machine takes a small message at once, unless it is full. */
	private static final Duration WRITE = Duration.ofSeconds(1);

	private final PrimaryLink link;

	private final Supplier<Busyness> meter;

	private Busyness told = Busyness.NONE;

	PassingPrimary(PrimaryLink link, Supplier<Busyness> meter) {
		this.link = link;
		this.meter = meter;
	}

	/**
	 * Tell the primary how busy this worker is, if it does not know that already.
	 */
	synchronized void tell() {
		Busyness busyness = this.meter.get();
		if (!busyness.equals(this.told) && !this.link.isCongested() && this.link.send(new FromWorker.Busy(busyness))) {
			this.told = busyness;
		}
	}

	@Override
	public void gate(ListenAddress address, boolean open) {
		this.link.send(new FromWorker.Gate(address, open));
	}

	@Override
	public void taken(long number) {
		CountDownLatch written = new CountDownLatch(1);
		if (!this.link.send(new FromWorker.ConnectionTaken(number, this.meter.get()), written::countDown)) {
			return;
		}
		try {
			written.await(WRITE.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public void declined(long number) {
		this.link.send(new FromWorker.ConnectionDeclined(number));
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
