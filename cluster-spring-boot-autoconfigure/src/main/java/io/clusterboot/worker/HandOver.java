package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.ListenAddress;
import org.jspecify.annotations.Nullable;

/**
 * Hands over connections that clients have made to one address, between this worker and
 * others. It is here that a descriptor changes its owner, and at each moment one process
 * at the most may read from it:
 * <ol>
 * <li>the worker that has the connection stops to read, sends the descriptor to the
 * primary and keeps its own until it is answered;
 * <li>the primary sends it on, and keeps its own until that worker has said that it takes
 * it;
 * <li>that worker begins to read when what it has said has left its process. As long as
 * that process lives, the primary gives the connection to nobody else;
 * <li>the primary closes its copy and tells the first worker, which closes its own. If
 * nobody takes the connection, the first worker is told so and goes on reading.
 * </ol>
 * Thread-safe.
 */
final class HandOver {

	/** Longest time that an adoption that has begun takes, unless it is starved. */
	private static final Duration ADOPTION = Duration.ofSeconds(1);

	private final ListenAddress address;

	private final Primary primary;

	private final Executor adoptions;

	private @Nullable ConnectionAdopter adopter;

	private boolean open;

	private boolean told;

	private int adopting;

	/**
	 * Create the hand-over of one address.
	 * @param address where the clients have connected
	 * @param primary stands between the workers
	 * @param adoptions runs what waits for a message to leave
	 */
	HandOver(ListenAddress address, Primary primary, Executor adoptions) {
		this.address = address;
		this.primary = primary;
		this.adoptions = adoptions;
	}

	/**
	 * The hand-over of a socket whose connections cannot leave the process.
	 * @return one that nobody takes part in
	 */
	static HandOver none() {
		return new HandOver(new ListenAddress("", 0, 0), new NoPrimary(), Runnable::run);
	}

	/**
	 * Hand a connection over that nobody in this process reads from any more.
	 * @param connection the connection, which must stay open until the answer
	 * @param kept what it takes along
	 * @return completes with whether this worker has lost the connection, and never
	 * exceptionally
	 */
	CompletableFuture<Boolean> give(SocketChannel connection, KeptConnection kept) {
		return this.primary.handOver(this.address, kept, JdkChannels.descriptor(connection));
	}

	/**
	 * Another worker hands a connection over. Called by the thread that reads the link.
	 * @param number the primary's number for it
	 * @param kept what it takes along
	 * @param descriptor the connection
	 */
	void receive(long number, KeptConnection kept, FileDescriptor descriptor) {
		ConnectionAdopter adopter = beginAdoption();
		if (adopter == null) {
			Descriptors.close(descriptor);
			this.primary.declined(number);
			return;
		}
		this.adoptions.execute(() -> {
			try {
				adopt(adopter, number, kept, descriptor);
			}
			finally {
				endAdoption();
			}
		});
	}

	private void adopt(ConnectionAdopter adopter, long number, KeptConnection kept, FileDescriptor descriptor) {
		if (!adopter.reserve()) {
			Descriptors.close(descriptor);
			this.primary.declined(number);
			return;
		}
		if (!this.primary.taken(number)) {
			Descriptors.close(descriptor);
			adopter.release();
			return;
		}
		try {
			adopter.adopt(JdkChannels.channel(descriptor), kept);
		}
		catch (IOException ex) {
			// the client has gone
			adopter.release();
		}
	}

	private synchronized @Nullable ConnectionAdopter beginAdoption() {
		ConnectionAdopter adopter = this.adopter;
		if (!this.open || adopter == null) {
			return null;
		}
		this.adopting++;
		return adopter;
	}

	private synchronized void endAdoption() {
		this.adopting--;
		notifyAll();
	}

	/**
	 * Have a server take over what other workers hand over.
	 * @param adopter the server
	 */
	synchronized void adoptWith(ConnectionAdopter adopter) {
		this.adopter = adopter;
		tell();
	}

	/**
	 * Take over what other workers hand over.
	 */
	synchronized void open() {
		this.open = true;
		tell();
	}

	/**
	 * Leave it to others. When this returns, the server knows all connections that this
	 * worker has taken over.
	 */
	synchronized void shut() {
		this.open = false;
		tell();
		long deadline = System.nanoTime() + ADOPTION.toNanos();
		try {
			for (long left = ADOPTION.toMillis(); this.adopting > 0
					&& left > 0; left = (deadline - System.nanoTime()) / 1_000_000) {
				wait(left);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void tell() {
		boolean takesOver = this.open && this.adopter != null;
		if (takesOver != this.told) {
			this.told = takesOver;
			this.primary.takesOver(this.address, takesOver);
		}
	}

	/**
	 * Stands between the workers.
	 */
	interface Primary {

		/**
		 * What other workers hand over is taken from now on, or declined.
		 * @param address where the clients have connected
		 * @param open whether it is taken
		 */
		void takesOver(ListenAddress address, boolean open);

		/**
		 * Hand a connection over. If it is not known what has become of it, as when the
		 * primary dies, somebody else may read from it already, so that it counts as
		 * taken.
		 * @param address where the client has connected
		 * @param kept what it takes along
		 * @param descriptor the connection
		 * @return completes with whether another worker has it, and never exceptionally
		 */
		CompletableFuture<Boolean> handOver(ListenAddress address, KeptConnection kept, FileDescriptor descriptor);

		/**
		 * A connection is this worker's. Returns when the message has left this process,
		 * or when there is no primary any more.
		 * @param number the primary's number for it
		 * @return whether the message has left; if not, the connection is not this
		 * worker's
		 */
		boolean taken(long number);

		/**
		 * A connection is not this worker's.
		 * @param number the primary's number for it
		 */
		void declined(long number);

	}

	private static final class NoPrimary implements Primary {

		@Override
		public void takesOver(ListenAddress address, boolean open) {
		}

		@Override
		public CompletableFuture<Boolean> handOver(ListenAddress address, KeptConnection kept,
				FileDescriptor descriptor) {
			return CompletableFuture.completedFuture(false);
		}

		@Override
		public boolean taken(long number) {
			return false;
		}

		@Override
		public void declined(long number) {
		}

	}

}
