package io.clusterboot.worker;

import java.io.IOException;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;

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

	/**
	 * A channel that is bound to the socket's address. Must not be used to accept.
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
	 * Give up this worker's part in the socket.
	 */
	@Override
	public abstract void close();

	/**
	 * Let connections in.
	 */
	abstract void open();

	/**
	 * Leave connections to others for the time being. When this returns, the acceptor
	 * takes no more.
	 */
	abstract void shut();

	/**
	 * Accept what waits in the queue, since nobody else will, and nothing more. The
	 * kernel resets connections that are in the queue when the last descriptor of a
	 * listening socket is closed.
	 * @param atMost longest time to wait for the acceptor to have done so
	 */
	abstract void lastCall(Duration atMost);

}
