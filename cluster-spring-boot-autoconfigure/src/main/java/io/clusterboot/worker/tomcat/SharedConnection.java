package io.clusterboot.worker.tomcat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.CancelledKeyException;
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

	private boolean requestEnded;

	private long idleBefore;

	private long adopted = -1;

	SharedConnection(NioChannel channel, SharedNioEndpoint endpoint, Mover mover) {
		super(channel, endpoint);
		this.mover = mover;
	}

	/**
	 * Whether Tomcat may work on the connection. Asked with its lock.
	 * @return whether it is Tomcat's
	 */
	boolean isServed() {
		return !this.givenUp;
	}

	/**
	 * A request has ended and the next one has not begun. Told with the lock, just before
	 * Tomcat asks for the next bytes: it asks for those in the middle of a request in the
	 * same way.
	 */
	void requestEnded() {
		this.requestEnded = true;
	}

	@Override
	public void registerReadInterest() {
		if (this.requestEnded && getLock().isHeldByCurrentThread()) {
			this.requestEnded = false;
			SelectionKey key = key();
			if (key != null && key.isValid() && getSocketBufferHandler().isReadBufferEmpty() && this.mover.wants()) {
				giveUp();
				return;
			}
		}
		super.registerReadInterest();
	}

	/**
	 * Take a connection from Tomcat that is between two requests. Called with its lock,
	 * while the poller is not about to be told anything about it.
	 */
	void giveUp() {
		try {
			SelectionKey key = key();
			if (key != null) {
				key.interestOps(0);
			}
			interestOps(0);
		}
		catch (CancelledKeyException ex) {
			// the poller closes it, without a lock: the mover is going to notice
		}
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
		long idle = System.currentTimeMillis() - lastUse();
		if (lastUse() == this.adopted) {
			idle += this.idleBefore;
		}
		return new KeptConnection(client.getAddress().getHostAddress(), requestsLeft(), Math.max(0, idle));
	}

	/**
	 * It comes from another worker, and has been idle there.
	 * @param millis how long, in milliseconds
	 */
	void idleBefore(long millis) {
		this.idleBefore = millis;
		this.adopted = lastUse();
	}

	private long lastUse() {
		return Math.max(getLastRead(), getLastWrite());
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
		if (!getEndpoint().isRunning()) {
			// the poller may have ended before it saw this
			super.close();
		}
	}

	@Override
	public void close() {
		if (!this.givenUp) {
			super.close();
		}
	}

}
