package io.clusterboot.primary;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.clusterboot.protocol.PlainSocket;
import io.clusterboot.protocol.Ticket;
import io.clusterboot.protocol.WorkerIdentity;
import org.jspecify.annotations.Nullable;

/**
 * Has workers show a {@link Ticket}: a socket of the JDK's tells which user has
 * connected, but not which process. A ticket is good for one connection.
 */
final class TicketLinkServer extends LinkServer {

	/** A worker shows its ticket at once, unless it is starved. */
	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private final ServerSocketChannel channel;

	private final Duration patience;

	private final RefusedConnections refused = new RefusedConnections();

	/** By seat, so that there are no more than workers. */
	private final Map<Integer, Issued> issued = new HashMap<>();

	TicketLinkServer(Path path) throws IOException {
		this(path, PATIENCE);
	}

	/**
	 * Create a server.
	 * @param path where it listens
	 * @param patience time within which a ticket has to be shown
	 * @throws IOException if it cannot listen there
	 */
	TicketLinkServer(Path path, Duration patience) throws IOException {
		super(path);
		this.patience = patience;
		this.channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
		this.channel.bind(UnixDomainSocketAddress.of(path));
	}

	@Override
	void expect(WorkerIdentity worker) throws IOException {
		Ticket ticket = Ticket.issue(worker);
		synchronized (this.issued) {
			this.issued.put(worker.seat(), new Issued(ticket, worker.id()));
		}
	}

	/**
	 * Somebody who shows no ticket keeps nobody else waiting.
	 */
	@Override
	void accept(Admission admission) throws IOException {
		SocketChannel peer = this.channel.accept();
		Thread thread = new Thread(() -> admit(peer, admission), "cluster-ticket");
		thread.setDaemon(true);
		thread.start();
	}

	private void admit(SocketChannel peer, Admission admission) {
		try {
			Integer worker = redeem(Ticket.read(peer, this.patience));
			if (worker == null) {
				throw new IOException("it is not that of a worker that has no connection");
			}
			admission.offer(new PlainSocket(peer), new Caller.TicketHolder(worker));
		}
		catch (IOException ex) {
			this.refused.add("A connection to the cluster's socket was refused for its ticket: " + ex.getMessage());
			close(peer);
		}
	}

	private @Nullable Integer redeem(Ticket ticket) {
		synchronized (this.issued) {
			Issued match = this.issued.values()
				.stream()
				.filter((candidate) -> candidate.ticket().equals(ticket))
				.findAny()
				.orElse(null);
			this.issued.values().remove(match);
			return (match != null) ? match.worker() : null;
		}
	}

	@Override
	boolean isClosed() {
		return !this.channel.isOpen();
	}

	@Override
	public void close() {
		close(this.channel);
	}

	private record Issued(Ticket ticket, int worker) {
	}

}
