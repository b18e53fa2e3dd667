package io.clusterboot.os;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketAddress;

/**
 * The service manager that started this process, such as systemd, and how it is told what
 * the process does: the protocol of {@code sd_notify(3)}, spoken to the datagram socket
 * that {@code NOTIFY_SOCKET} names. Without that variable every method does nothing.
 * <p>
 * Nothing here throws, and nothing waits: messages are sent on a thread of their own, in
 * the order of the calls. One that cannot be sent is dropped; the first is logged, and
 * again the first after one that could be sent. Any thread may call any method.
 */
public final class ServiceManager {

	private static final Log logger = LogFactory.getLog(ServiceManager.class);

	/** Length of the field in the kernel's address, which for a path needs no zero. */
	private static final int MAX_NAME = 108;

	/**
	 * systemd ignores messages over 4096 bytes; a character takes three at most.
	 */
	private static final int MAX_STATUS = 1024;

	/** Whatever might end a line, or the message. */
	private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u0085\\u2028\\u2029]+");

	/**
	 * Time that a service manager gets to make room. It is busy for seconds while it
	 * reloads its own configuration.
	 */
	private static final Duration SEND_TIMEOUT = Duration.ofSeconds(10);

	/** Messages that wait to be sent. What is older than that is out of date. */
	private static final int BACKLOG = 64;

	private static final Duration IDLE = Duration.ofSeconds(5);

	private final @Nullable Receiver receiver;

	private final @Nullable Duration watchdogInterval;

	private final Duration sendTimeout;

	private final ExecutorService sender;

	private final AtomicBoolean failing = new AtomicBoolean();

	private ServiceManager(@Nullable Receiver receiver, @Nullable Duration watchdogInterval, Duration sendTimeout) {
		this.receiver = receiver;
		this.watchdogInterval = watchdogInterval;
		this.sendTimeout = sendTimeout;
		// what is said last is what counts
		this.sender = new ThreadPoolExecutor(0, 1, IDLE.toMillis(), TimeUnit.MILLISECONDS,
				new ArrayBlockingQueue<>(BACKLOG), ServiceManager::thread,
				new ThreadPoolExecutor.DiscardOldestPolicy());
	}

	/**
	 * The service manager of this process, as its environment tells.
	 * @return the service manager; one that ignores everything if there is none
	 */
	public static ServiceManager ofThisProcess() {
		return of(System.getenv(), ProcessHandle.current().pid(), SEND_TIMEOUT);
	}

	static ServiceManager of(Map<String, String> environment, long pid, Duration sendTimeout) {
		String socket = environment.get("NOTIFY_SOCKET");
		if (socket == null || socket.isEmpty()) {
			return new ServiceManager(null, null, sendTimeout);
		}
		try {
			return new ServiceManager(new Receiver(socket, address(socket)), watchdogInterval(environment, pid),
					sendTimeout);
		}
		catch (SocketException | LinkageError ex) {
			logger.warn("The service manager will not be told when this cluster is ready, reloads or stops,"
					+ " since NOTIFY_SOCKET=%s cannot be used: %s".formatted(socket, ex.getMessage()));
			return new ServiceManager(null, null, sendTimeout);
		}
	}

	private static AFUNIXSocketAddress address(String socket) throws SocketException {
		boolean isAbstract = socket.startsWith("@");
		if (!isAbstract && !socket.startsWith("/")) {
			throw new SocketException("it is neither an absolute path nor an abstract name with a leading '@'");
		}
		byte[] name = socket.getBytes(StandardCharsets.UTF_8);
		// junixsocket would cut the name and address another socket
		if (name.length > MAX_NAME) {
			throw new SocketException("its name is longer than the %d bytes of a UNIX socket".formatted(MAX_NAME));
		}
		if (isAbstract) {
			name[0] = 0;
		}
		return AFUNIXSocketAddress.of(name);
	}

	private static @Nullable Duration watchdogInterval(Map<String, String> environment, long pid) {
		String owner = environment.get("WATCHDOG_PID");
		if (owner != null && !owner.equals(Long.toString(pid))) {
			return null;
		}
		try {
			long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
			return (micros > 0) ? Duration.of(micros, ChronoUnit.MICROS).dividedBy(2) : null;
		}
		catch (NumberFormatException ex) {
			return null;
		}
	}

	private static Thread thread(Runnable task) {
		Thread thread = new Thread(task, "cluster-notify");
		thread.setDaemon(true);
		return thread;
	}

	/**
	 * This process has started, or has finished a reload, however that ended.
	 * @param status what is going on, in words
	 */
	public void ready(String status) {
		send("READY=1", statusLine(status));
	}

	/**
	 * This process begins a reload, whose end {@link #ready} tells.
	 * @param status what is going on, in words
	 */
	public void reloading(String status) {
		// systemd compares it with its own CLOCK_MONOTONIC, to tell this reload from one
		// before. That clock is what nanoTime() reads in HotSpot on Linux: see
		// os::javaTimeNanos() there.
		long micros = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
		send("RELOADING=1", "MONOTONIC_USEC=" + micros, statusLine(status));
	}

	/**
	 * This process has begun to stop.
	 * @param status what is going on, in words
	 */
	public void stopping(String status) {
		send("STOPPING=1", statusLine(status));
	}

	/**
	 * Have something else shown as this process's status.
	 * @param status what is going on, in words; control characters become spaces, and
	 * what exceeds 1024 characters is cut off
	 */
	public void status(String status) {
		send(statusLine(status));
	}

	/**
	 * How often the service manager should be told that this process is alive: twice in
	 * the time after which it would end it.
	 * @return the time between two calls of {@link #watchdog()}, or {@code null} if it
	 * does not want to be told
	 */
	public @Nullable Duration watchdogInterval() {
		return this.watchdogInterval;
	}

	/**
	 * This process is alive. Does nothing if the service manager does not want to be
	 * told.
	 */
	public void watchdog() {
		if (this.watchdogInterval != null) {
			send("WATCHDOG=1");
		}
	}

	private static String statusLine(String status) {
		String line = CONTROL.matcher(status).replaceAll(" ").trim();
		return "STATUS=" + line.substring(0, Math.min(line.length(), MAX_STATUS));
	}

	private void send(String... assignments) {
		Receiver to = this.receiver;
		if (to != null) {
			String message = String.join("\n", assignments);
			this.sender.execute(() -> send(to, message));
		}
	}

	/**
	 * Each message has a socket of its own, so that there is none to be found broken.
	 */
	private void send(Receiver to, String message) {
		try (AFUNIXDatagramChannel channel = AFUNIXDatagramChannel.open()) {
			channel.socket().setSoTimeout((int) this.sendTimeout.toMillis());
			// when the time is over, nothing has been sent
			if (channel.send(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)), to.address()) == 0) {
				throw new SocketTimeoutException("it has not read for %d ms".formatted(this.sendTimeout.toMillis()));
			}
			this.failing.set(false);
		}
		catch (IOException | RuntimeException | LinkageError ex) {
			failed(to, message.replace('\n', ' '), ex);
		}
	}

	private void failed(Receiver to, String message, Throwable cause) {
		if (this.failing.compareAndSet(false, true)) {
			logger
				.warn("The service manager at %s was not told %s: %s.".formatted(to.name(), message, cause.getMessage())
						+ " The cluster goes on, but systemd may take the service for not started, reloading or"
						+ " dead, and end it when TimeoutStartSec or WatchdogSec is over");
		}
		else {
			logger.debug("The service manager was not told " + message, cause);
		}
	}

	/**
	 * Where messages go.
	 *
	 * @param name as NOTIFY_SOCKET has it
	 * @param address the same for the kernel
	 */
	private record Receiver(String name, AFUNIXSocketAddress address) {
	}

}
