package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.clusterboot.protocol.KeptConnection;
import org.jspecify.annotations.Nullable;

/**
 * This worker's part in a listening socket that the cluster shares. Connections come only
 * while its gate is open; otherwise they are left to the other workers or wait in the
 * socket's queue.
 * <p>
 * Thread-safe; one thread accepts.
 */
public abstract sealed class SharedServerSocket implements AutoCloseable
		permits AcceptingServerSocket, PassedServerSocket, ReusePortServerSocket {

	private final HandOver handOver;

	SharedServerSocket(HandOver handOver) {
		this.handOver = handOver;
	}

	/**
	 * The socket as a channel, for its address and options. Must not be used to accept.
	 * @return the channel
	 */
	public abstract NetworkChannel channel();

	/**
	 * Accept a connection, waiting for the gate to open and for a client to come.
	 * @return the connection, or {@code null} after {@link #wakeup()} or
	 * {@link #close()}, or if the thread is interrupted
	 * @throws IOException if accepting fails, as when the process has no descriptors left
	 */
	public abstract @Nullable SocketChannel accept() throws IOException;

	/**
	 * Make the acceptor return, now or when it next wants to wait.
	 */
	public abstract void wakeup();

	/**
	 * Take over connections that other workers have kept alive.
	 * @param adopter serves them
	 */
	public final void adoptWith(ConnectionAdopter adopter) {
		this.handOver.adoptWith(adopter);
	}

	/**
	 * Hand a connection over to another worker, also after {@link #close()}. Nobody may
	 * read from it until that is decided.
	 * @param connection the connection, which must stay open until then
	 * @param kept what it takes along
	 * @return completes with whether the connection is no longer this worker's, which has
	 * to close its copy then without shutting it down; never completes exceptionally
	 */
	public final CompletableFuture<Boolean> handOver(SocketChannel connection, KeptConnection kept) {
		return this.handOver.give(connection, kept);
	}

	/**
	 * Another worker hands a connection over.
	 * @param number the primary's number for it
	 * @param kept what it takes along
	 * @param descriptor the connection
	 */
	final void receive(long number, KeptConnection kept, FileDescriptor descriptor) {
		this.handOver.receive(number, kept, descriptor);
	}

	/**
	 * Let connections in.
	 */
	final void open() {
		openGate();
		this.handOver.open();
	}

	/**
	 * Leave connections to others for the time being. When this returns, the server gets
	 * no more.
	 */
	final void shut() {
		this.handOver.shut();
		shutGate();
	}

	/**
	 * Accept what waits in the queue, since nobody else will, and nothing more. The
	 * kernel resets connections that are in the queue when the last descriptor of a
	 * listening socket is closed.
	 * @param atMost longest time to wait for the acceptor to have done so
	 */
	final void lastCall(Duration atMost) {
		this.handOver.shut();
		emptyQueue(atMost);
	}

	/**
	 * Give up this worker's part in the socket.
	 */
	@Override
	public final void close() {
		this.handOver.shut();
		closeGate();
	}

	abstract void openGate();

	abstract void shutGate();

	abstract void emptyQueue(Duration atMost);

	abstract void closeGate();

}
