package io.clusterboot.worker.netty;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.Http2FrameCodec;
import org.jspecify.annotations.Nullable;

/**
 * A connection, of which anybody can ask what it is doing. Its event loop says so.
 */
final class SharedConnection extends NioSocketChannel {

	private volatile long lastActivity = System.nanoTime();

	private volatile Phase phase = Phase.IDLE;

	private volatile @Nullable Http2FrameCodec http2;

	private final AtomicBoolean visited = new AtomicBoolean();

	SharedConnection(SharedServerChannel server, SocketChannel socket) {
		super(server, socket);
	}

	/**
	 * What a connection that speaks HTTP/1.1 is doing.
	 */
	enum Phase {

		/**
		 * All that has been received is answered.
		 */
		IDLE,

		/**
		 * A request is arriving, is processed, or its response is being written.
		 */
		BUSY,

		/**
		 * It speaks something else now, such as WebSocket.
		 */
		SESSION

	}

	Phase phase() {
		return this.phase;
	}

	void phase(Phase phase) {
		if (this.phase != phase) {
			this.phase = phase;
		}
	}

	/**
	 * The codec of a connection that speaks HTTP/2.
	 * @return the codec, or {@code null} if it does not, or not yet
	 */
	@Nullable Http2FrameCodec http2() {
		Http2FrameCodec codec = this.http2;
		if (codec == null) {
			codec = pipeline().get(Http2FrameCodec.class);
			this.http2 = codec;
		}
		return codec;
	}

	boolean isQuiet(Duration idle) {
		return System.nanoTime() - this.lastActivity >= idle.toNanos();
	}

	/**
	 * Whether the kernel has bytes that nobody has read.
	 */
	boolean isReadable() {
		try {
			return javaChannel().socket().getInputStream().available() > 0;
		}
		catch (IOException ex) {
			// closed
			return false;
		}
	}

	/**
	 * Have something done by the event loop, between two things that happen on this
	 * connection, unless something else waits for that already: a loop may be busy, and
	 * whoever comes again and again must not fill its queue.
	 * @param action what is to be done
	 * @return whether it will be done
	 */
	boolean visit(Runnable action) {
		if (!isRegistered() || !this.visited.compareAndSet(false, true)) {
			return false;
		}
		eventLoop().execute(() -> {
			this.visited.set(false);
			action.run();
		});
		return true;
	}

	@Override
	protected int doReadBytes(ByteBuf buffer) throws Exception {
		int read = super.doReadBytes(buffer);
		if (read > 0) {
			this.lastActivity = System.nanoTime();
		}
		return read;
	}

	@Override
	protected void doWrite(ChannelOutboundBuffer in) throws Exception {
		this.lastActivity = System.nanoTime();
		super.doWrite(in);
	}

}
