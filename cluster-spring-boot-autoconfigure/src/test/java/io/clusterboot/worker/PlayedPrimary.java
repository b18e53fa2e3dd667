package io.clusterboot.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.ListenAddress;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Stands between the one worker that there is and the test, which says what becomes of
 * connections. All else that a connection meets is real.
 */
public final class PlayedPrimary implements HandOver.Primary, AutoCloseable {

	private final ConnectionMoves moves = new ConnectionMoves();

	private final BlockingQueue<GivenUp> givenUp = new LinkedBlockingQueue<>();

	private final Queue<CompletableFuture<Boolean>> unanswered = new ConcurrentLinkedQueue<>();

	private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

	/**
	 * Open a listening socket for the worker.
	 * @param address where to listen
	 * @param binder binds it
	 * @return the socket, through which connections come and go
	 * @throws IOException if the address cannot be bound
	 */
	public SharedServerSocket listen(InetSocketAddress address, SharedSockets.Binder binder) throws IOException {
		try (ServerSocketChannel channel = ServerSocketChannel.open()) {
			binder.bind(channel, address);
			HandOver handOver = new HandOver(ListenAddress.of(address, 0), this, CompletableFuture::runAsync);
			SharedServerSocket socket = new AcceptingServerSocket(
					Descriptors.duplicate(JdkChannels.descriptor(channel)), handOver, () -> {
					});
			socket.open();
			return socket;
		}
	}

	/**
	 * What the worker is told of the connections that are to move.
	 * @return none to begin with
	 */
	public ConnectionMoves moves() {
		return this.moves;
	}

	/**
	 * Have all connections move from now on.
	 */
	public void moveAll() {
		this.moves.all();
	}

	/**
	 * The next connection that the worker gives up.
	 * @return the connection, for which there has to be an answer
	 * @throws InterruptedException if the thread is interrupted
	 */
	public GivenUp givenUp() throws InterruptedException {
		GivenUp next = this.givenUp.poll(10, TimeUnit.SECONDS);
		assertThat(next).as("a connection that is given up").isNotNull();
		return next;
	}

	/**
	 * Pass a connection of another worker's on, which keeps its own copy.
	 * @param socket where the client has connected
	 * @param connection the connection
	 * @param kept what it takes along
	 * @return what the worker says
	 * @throws Exception if the worker says nothing
	 */
	public String pass(SharedServerSocket socket, SocketChannel connection, KeptConnection kept) throws Exception {
		socket.receive(1, kept, Descriptors.duplicate(JdkChannels.descriptor(connection)));
		String answer = this.answers.poll(10, TimeUnit.SECONDS);
		assertThat(answer).as("an answer to a connection that is passed on").isNotNull();
		return answer;
	}

	/**
	 * Give everything back that there is no answer for.
	 */
	@Override
	public void close() {
		this.unanswered.forEach((answer) -> answer.complete(false));
	}

	@Override
	public void takesOver(ListenAddress address, boolean open) {
	}

	@Override
	public CompletableFuture<Boolean> handOver(ListenAddress address, KeptConnection kept, FileDescriptor descriptor) {
		CompletableFuture<Boolean> answer = new CompletableFuture<>();
		this.givenUp.add(new GivenUp(kept, descriptor, answer));
		this.unanswered.add(answer);
		return answer;
	}

	@Override
	public boolean taken(long number) {
		return this.answers.add("taken");
	}

	@Override
	public void declined(long number) {
		this.answers.add("declined");
	}

	/**
	 * A connection that the worker has given up.
	 *
	 * @param kept what it takes along
	 * @param descriptor the worker's own
	 * @param answer completes with whether another worker has it
	 */
	public record GivenUp(KeptConnection kept, FileDescriptor descriptor, CompletableFuture<Boolean> answer) {

		/**
		 * Take it, as another worker.
		 * @return the other worker's channel
		 * @throws IOException if the client has gone
		 */
		public SocketChannel take() throws IOException {
			SocketChannel taken = JdkChannels.channel(Descriptors.duplicate(this.descriptor));
			this.answer.complete(true);
			return taken;
		}

		/**
		 * Give it back.
		 */
		public void refuse() {
			this.answer.complete(false);
		}

	}

}
