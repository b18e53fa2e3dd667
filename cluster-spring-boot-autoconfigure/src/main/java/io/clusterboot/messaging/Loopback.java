package io.clusterboot.messaging;

import java.util.List;
import java.util.function.BiPredicate;

import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Delivery;
import io.clusterboot.protocol.Envelope.Recipients;
import io.clusterboot.protocol.Envelope.Undeliverable;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for the primary where the application does not run as a cluster, as in most
 * of its tests: the application is a worker that is alone.
 */
final class Loopback implements BiPredicate<Envelope, byte[]> {

	/** What the first worker of a cluster is called. */
	static final int SELF = 1;

	private static final byte[] EMPTY = {};

	private @Nullable MessageExchange exchange;

	void connect(MessageExchange exchange) {
		this.exchange = exchange;
	}

	@Override
	public boolean test(Envelope envelope, byte[] payload) {
		if (this.exchange == null) {
			return false;
		}
		if (envelope instanceof Delivery message) {
			deliver(message, payload, this.exchange);
		}
		else {
			this.exchange.received(envelope, payload);
		}
		return true;
	}

	private static void deliver(Delivery message, byte[] payload, MessageExchange exchange) {
		switch (message.to()) {
			case SELF -> exchange.received(message, payload);
			case Envelope.LEAST_BUSY -> {
				exchange.received(new Recipients(SELF, message.exchange(), List.of(SELF)), EMPTY);
				exchange.received(message, payload);
			}
			case Envelope.OTHERS -> exchange.received(new Recipients(SELF, message.exchange(), List.of()), EMPTY);
			default -> exchange.received(new Undeliverable(message.to(), SELF, message.exchange(),
					"The application does not run as a cluster"), EMPTY);
		}
	}

}
