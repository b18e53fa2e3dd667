package io.clusterboot.primary;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import io.clusterboot.protocol.Envelope;
import io.clusterboot.protocol.Envelope.Cancel;
import io.clusterboot.protocol.Envelope.Channel;
import io.clusterboot.protocol.Envelope.Delivery;
import io.clusterboot.protocol.Envelope.Fence;
import io.clusterboot.protocol.Envelope.Gone;
import io.clusterboot.protocol.Envelope.Recipients;
import io.clusterboot.protocol.Envelope.Reply;
import io.clusterboot.protocol.Envelope.Settle;
import io.clusterboot.protocol.Envelope.Undeliverable;
import io.clusterboot.protocol.Link;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Passes on what workers send each other, and tells all of them when one is gone.
 * <p>
 * Thread-safe. It works on the threads that read the links, and not on the supervisor's:
 * neither waits for the other. Since each link has one such thread, and what is passed on
 * waits in one queue for each receiver, messages between two workers keep their order.
 */
final class MessageRouter {

	private static final Log logger = LogFactory.getLog(MessageRouter.class);

	private static final byte[] EMPTY = {};

	private final Map<Integer, Peer> peers = new ConcurrentHashMap<>();

	private final PrimaryMailbox mailbox;

	private final PrimaryRequests requests = new PrimaryRequests();

	/**
	 * Create a router.
	 * @param mailbox gets what is sent to the primary
	 */
	MessageRouter(PrimaryMailbox mailbox) {
		this.mailbox = mailbox;
	}

	/**
	 * A worker can be reached. It can send, but is sent nothing but replies before it
	 * accepts messages.
	 * @param id id of the worker
	 * @param link leads to it
	 */
	void joined(int id, Link link) {
		this.peers.put(id, new Peer(id, link));
	}

	/**
	 * A worker begins to accept messages.
	 * @param id id of the worker
	 */
	void accepts(int id) {
		Peer peer = this.peers.get(id);
		if (peer != null) {
			peer.open();
		}
	}

	/**
	 * A worker accepts no messages any more.
	 * @param id id of the worker
	 */
	void leaves(int id) {
		Peer peer = this.peers.get(id);
		if (peer != null) {
			peer.shut();
		}
	}

	/**
	 * A worker has told how busy it is.
	 * @param id id of the worker
	 * @param activeRequests number of requests in flight in it
	 */
	void load(int id, int activeRequests) {
		Peer peer = this.peers.get(id);
		if (peer != null) {
			peer.activeRequests = activeRequests;
		}
	}

	/**
	 * A worker cannot be reached any more, and all that it has said has been passed on.
	 * @param id id of the worker
	 */
	void gone(int id) {
		if (this.peers.remove(id) != null) {
			this.requests.gone(id);
			this.peers.values().forEach((peer) -> peer.link.post(new Gone(peer.id, id, 0), EMPTY));
		}
	}

	/**
	 * Pass an envelope on.
	 * @param sender id of the worker from which it has come
	 * @param envelope the envelope
	 * @param payload what is in it
	 */
	void route(int sender, Envelope envelope, byte[] payload) {
		Peer from = this.peers.get(sender);
		if (from == null) {
			return;
		}
		if (envelope.from() != sender) {
			logger.error("worker-%d says that it is worker-%d: not passed on".formatted(sender, envelope.from()));
			return;
		}
		if (envelope instanceof Delivery delivery) {
			deliver(from, delivery, payload);
		}
		else if (envelope instanceof Settle settle) {
			from.link.post(new Gone(from.id, settle.worker(), settle.exchange()), EMPTY);
		}
		else if (envelope.to() == Envelope.PRIMARY) {
			this.requests.received(envelope, payload, from.link);
		}
		else {
			forward(from, envelope, payload);
		}
	}

	/**
	 * Ask a worker something on behalf of the primary.
	 * @param worker id of the worker
	 * @param channel what it is for
	 * @param topic what it is about
	 * @param timeout longest time to wait for the answer
	 * @return completes with the payload of the answer, or with an
	 * {@link java.io.IOException}
	 */
	CompletableFuture<byte[]> ask(int worker, Channel channel, String topic, Duration timeout) {
		return this.requests.ask(worker, channel, topic, timeout, (delivery, payload) -> {
			Peer peer = this.peers.get(worker);
			return peer != null && peer.deliver(delivery, payload);
		});
	}

	private void deliver(Peer from, Delivery delivery, byte[] payload) {
		switch (delivery.to()) {
			case Envelope.PRIMARY -> this.mailbox.deliver(delivery, payload, from.link);
			case Envelope.OTHERS -> deliverToOthers(from, delivery, payload);
			case Envelope.LEAST_BUSY -> deliverToLeastBusy(from, delivery, payload);
			default -> deliver(from, delivery, payload, delivery.to());
		}
	}

	private void deliverToOthers(Peer from, Delivery delivery, byte[] payload) {
		List<Integer> recipients = new ArrayList<>();
		this.peers.values()
			.stream()
			.filter((peer) -> peer != from && peer.deliver(delivery, payload))
			.forEach((peer) -> recipients.add(peer.id));
		from.link.post(new Recipients(from.id, delivery.exchange(), recipients), EMPTY);
		recipients.forEach((id) -> tellIfGone(from, id));
	}

	/**
	 * When the cluster stops, all leave and still have something to do: each does it
	 * itself.
	 */
	private void deliverToLeastBusy(Peer from, Delivery delivery, byte[] payload) {
		Peer to = this.peers.values()
			.stream()
			.filter((peer) -> peer.accepting && !delivery.except().contains(peer.id))
			.min(Comparator.comparingInt(Peer::load).thenComparingInt((peer) -> peer.id))
			.orElse(from);
		from.link.post(new Recipients(from.id, delivery.exchange(), List.of(to.id)), EMPTY);
		if (to == from) {
			to.begins(delivery);
			to.link.post(delivery, payload);
		}
		else {
			deliver(from, delivery, payload, to.id);
		}
	}

	private void deliver(Peer from, Delivery delivery, byte[] payload, int receiver) {
		Peer to = this.peers.get(receiver);
		if (to == null) {
			from.undeliverable(delivery, receiver, "There is no worker-%d, or it is gone".formatted(receiver));
		}
		else if (!to.deliver(delivery, payload)) {
			from.undeliverable(delivery, receiver,
					"worker-%d accepts no messages, since it starts or leaves".formatted(receiver));
		}
		else {
			tellIfGone(from, receiver);
		}
	}

	private void forward(Peer from, Envelope envelope, byte[] payload) {
		if (envelope instanceof Reply reply) {
			from.ends(reply.to(), reply.inReplyTo());
		}
		else if (envelope instanceof Undeliverable undeliverable) {
			from.ends(undeliverable.to(), undeliverable.exchange());
		}
		Peer to = this.peers.get(envelope.to());
		if (to != null) {
			to.link.post(envelope, payload);
		}
		if (!(envelope instanceof Cancel)) {
			tellIfGone(from, envelope.to());
		}
	}

	/**
	 * Whoever sends something before it hears that the receiver is gone, or hears it
	 * before it knows who the receiver is, is told again: it would wait for ever.
	 */
	private void tellIfGone(Peer from, int receiver) {
		if (!this.peers.containsKey(receiver)) {
			from.link.post(new Gone(from.id, receiver, 0), EMPTY);
		}
	}

	/**
	 * A worker that can be reached.
	 */
	private static final class Peer {

		private final int id;

		private final Link link;

		/** The tasks that it has been given, by who waits for them. */
		private final Set<Task> tasks = ConcurrentHashMap.newKeySet();

		private volatile boolean accepting;

		private volatile int activeRequests;

		private Peer(int id, Link link) {
			this.id = id;
			this.link = link;
		}

		private synchronized void open() {
			this.accepting = true;
		}

		/**
		 * Nothing is delivered behind the fence.
		 */
		private synchronized void shut() {
			this.accepting = false;
			this.link.post(new Fence(this.id), EMPTY);
		}

		private synchronized boolean deliver(Delivery delivery, byte[] payload) {
			if (!this.accepting) {
				return false;
			}
			begins(delivery);
			this.link.post(delivery, payload);
			return true;
		}

		private int load() {
			return this.activeRequests + this.tasks.size();
		}

		private void begins(Delivery delivery) {
			if (delivery.channel() == Channel.TASK) {
				this.tasks.add(new Task(delivery.from(), delivery.exchange()));
			}
		}

		private void ends(int from, long exchange) {
			this.tasks.remove(new Task(from, exchange));
		}

		private void undeliverable(Delivery delivery, int receiver, String reason) {
			this.link.post(new Undeliverable(receiver, this.id, delivery.exchange(), reason), EMPTY);
		}

	}

	private record Task(int from, long exchange) {
	}

}
