package io.clusterboot.worker.tomcat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

import io.clusterboot.protocol.KeptConnection;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint.NioSocketWrapper;
import org.jspecify.annotations.Nullable;

/**
 * A connection of a worker, as Tomcat sees it. It belongs to Tomcat, until it is given up
 * between two requests: from then on nobody in Tomcat reads from it or closes it, and it
 * goes to another worker or comes back.
 * <p>
 * Whether it is given up is decided and looked at under its lock, which each thread of
 * Tomcat's holds that works on it. The poller's does not hold it: it may find the key of
 * a connection that is given up cancelled, and takes that for the end of the connection.
 */
final class SharedConnection extends NioSocketWrapper {

	private final Mover mover;

	private volatile boolean givenUp;

	private boolean processing;

	private boolean readInterest;

	SharedConnection(NioChannel channel, SharedNioEndpoint endpoint, Mover mover) {
		super(channel, endpoint);
		this.mover = mover;
	}

	/**
	 * Have Tomcat work on the connection, if it is Tomcat's. Called with its lock. What
	 * is about to happen next is known only afterwards: Tomcat asks to be told of the
	 * next bytes before it keeps what it has of an unfinished request.
	 * @param processor does the work
	 */
	void process(Runnable processor) {
		if (this.givenUp) {
			return;
		}
		this.readInterest = false;
		this.processing = true;
		try {
			processor.run();
		}
		finally {
			this.processing = false;
		}
		if (this.readInterest && !isClosed()) {
			awaitNextBytes();
		}
	}

	private void awaitNextBytes() {
		if (isBetweenRequests() && this.mover.wants()) {
			giveUp();
		}
		else {
			super.registerReadInterest();
		}
	}

	@Override
	public void registerReadInterest() {
		if (this.processing && getLock().isHeldByCurrentThread()) {
			this.readInterest = true;
		}
		else {
			super.registerReadInterest();
		}
	}

	private boolean isBetweenRequests() {
		return getCurrentProcessor() == null && getSendfileData() == null
				&& getSocketBufferHandler().isReadBufferEmpty();
	}

	/**
	 * Take a connection from Tomcat that is between two requests. Called with its lock,
	 * while the poller is not about to be told anything about it.
	 */
	void giveUp() {
		this.givenUp = true;
		this.mover.move(this);
	}

	/**
	 * The poller's key, through which it wakes up those who read.
	 * @return the key, or {@code null} if the connection is not registered any more
	 */
	@Nullable SelectionKey key() {
		return channel().keyFor(getPoller().getSelector());
	}

	SocketChannel channel() {
		return getSocket().getIOChannel();
	}

	/**
	 * What it takes along to another worker.
	 * @return a description
	 * @throws IOException if the client has gone
	 */
	KeptConnection describe() throws IOException {
		InetSocketAddress client = (InetSocketAddress) channel().getRemoteAddress();
		long last = Math.max(getLastRead(), getLastWrite());
		return new KeptConnection(client.getAddress().getHostAddress(), requestsLeft(),
				Math.max(0, System.currentTimeMillis() - last));
	}

	/**
	 * Tomcat tells it only when it counts.
	 */
	private int requestsLeft() {
		int left = decrementKeepAlive() + 1;
		setKeepAliveLeft(left);
		return left;
	}

	/**
	 * Another worker has it. The client does not notice, since the channel is not
	 * registered and is not shut down therefore.
	 */
	void moved() {
		super.close();
	}

	/**
	 * It is Tomcat's again.
	 */
	void comeBack() {
		if (!getEndpoint().isRunning()) {
			super.close();
			return;
		}
		getLock().lock();
		try {
			this.givenUp = false;
			getPoller().register(this);
		}
		finally {
			getLock().unlock();
		}
	}

	@Override
	public void close() {
		if (!this.givenUp) {
			super.close();
		}
	}

}
