package io.clusterboot.protocol;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * What a worker says to the primary. Who says it is known from the connection, which the
 * operating system ties to a process, so no message names its sender.
 */
public sealed interface FromWorker extends Message {

	/**
	 * Asks for the handle of an address. Answered by {@link FromPrimary.Bind} to the
	 * first worker that asks and by {@link FromPrimary.Handle} to all others.
	 *
	 * @param exchange number that the answer carries
	 * @param address what the worker's server wants to bind
	 */
	record Listen(long exchange, ListenAddress address) implements FromWorker {
	}

	/**
	 * Deposits a listening socket, whose descriptor travels with this message, or tells
	 * of a port that each worker binds for itself.
	 *
	 * @param address what the worker was told to bind
	 * @param host address that the socket is bound to
	 * @param port port that the socket is bound to, never 0
	 */
	record Bound(ListenAddress address, String host, int port) implements FromWorker {
	}

	/**
	 * Gives back the task of binding an address, since that failed.
	 *
	 * @param address what the worker was told to bind
	 */
	record BindFailed(ListenAddress address) implements FromWorker {
	}

	/**
	 * Says that the worker's state has changed.
	 *
	 * @param state the new state
	 */
	record StateChanged(WorkerState state) implements FromWorker {
	}

	/**
	 * Shows that the worker's JVM is alive.
	 *
	 * @param load how busy it is
	 */
	record Heartbeat(WorkerLoad load) implements FromWorker {
	}

	/**
	 * Says that a request has held a thread for longer than
	 * {@code cluster.worker.request-timeout}.
	 *
	 * @param age how long it has
	 */
	record RequestStuck(Duration age) implements FromWorker {
	}

	/**
	 * Asks to be replaced. Answered by {@link FromPrimary.Granted}.
	 *
	 * @param exchange number that the answer carries
	 * @param reason why, for the log
	 */
	record LeaveRequested(long exchange, @Nullable String reason) implements FromWorker {
	}

	/**
	 * Asks for a description of the cluster. Answered by {@link FromPrimary.Described}.
	 *
	 * @param exchange number that the answer carries
	 */
	record Describe(long exchange) implements FromWorker {
	}

	/**
	 * Commands the primary. Answered by {@link FromPrimary.Accepted} or
	 * {@link FromPrimary.Refused}.
	 *
	 * @param exchange number that the answer carries
	 * @param command what is asked for
	 */
	record Command(long exchange, ClusterCommand command) implements FromWorker {
	}

	/**
	 * Asks for the outcome of a reload or restart. Answered by
	 * {@link FromPrimary.Outcome} once it is known.
	 *
	 * @param exchange number that the answer carries
	 * @param reload id of the reload
	 */
	record AwaitOutcome(long exchange, int reload) implements FromWorker {
	}

	/**
	 * Asks for the permit to run something that must not run twice at the same time.
	 * Answered by {@link FromPrimary.Permitted}.
	 *
	 * @param exchange number that the answer carries, and the permit
	 * @param name what is to be run
	 */
	record Acquire(long exchange, String name) implements FromWorker {
	}

	/**
	 * Gives a permit back, if the primary has granted it.
	 *
	 * @param permit number of the {@link Acquire}
	 * @param name what was to be run
	 */
	record Release(long permit, String name) implements FromWorker {
	}

	/**
	 * Gives a permit back, and says that nobody ever has to run this again.
	 *
	 * @param permit number of the {@link Acquire}
	 * @param name what has been run
	 */
	record Completed(long permit, String name) implements FromWorker {
	}

	/**
	 * Asks for the Redis that the cluster runs, which is started if there is none.
	 * Answered by {@link FromPrimary.RedisProvided}.
	 *
	 * @param exchange number that the answer carries
	 * @param executable what to start
	 */
	record RedisWanted(long exchange, String executable) implements FromWorker {
	}

	/**
	 * Says that a worker that leaves takes no more connections.
	 */
	record StoppedAccepting() implements FromWorker {
	}

	/**
	 * What concerns connections that cross processes. It is not the supervisor's.
	 */
	sealed interface Dispatching extends FromWorker {

	}

	/**
	 * Says that the worker begins or ends to take connections from an address.
	 *
	 * @param address the address
	 * @param open whether it takes them
	 */
	record Gate(ListenAddress address, boolean open) implements Dispatching {
	}

	/**
	 * Says how busy the worker is, since that has changed.
	 *
	 * @param busyness how busy it is
	 */
	record Busy(Busyness busyness) implements Dispatching {
	}

	/**
	 * Answers the {@link FromPrimary.Connection} that came last. None comes before.
	 */
	sealed interface ConnectionAnswered extends Dispatching {

	}

	/**
	 * Says that a connection is the worker's from now on.
	 *
	 * @param number the number of the primary's {@link FromPrimary.Connection}
	 * @param busyness how busy the worker is, without this connection
	 */
	record ConnectionTaken(long number, Busyness busyness) implements ConnectionAnswered {
	}

	/**
	 * Gives a connection back, of which nothing has been read.
	 *
	 * @param number the number of the primary's {@link FromPrimary.Connection}
	 */
	record ConnectionDeclined(long number) implements ConnectionAnswered {
	}

	/**
	 * Asks for what waits in the queue of an address, since nobody will accept after this
	 * cluster's workers. Answered by {@link FromPrimary.LastCallOver} when all of it has
	 * been taken.
	 *
	 * @param exchange number that the answer carries
	 * @param address the address
	 */
	record LastCall(long exchange, ListenAddress address) implements Dispatching {
	}

	/**
	 * Says that the worker begins or ends to take over connections that other workers
	 * have kept alive.
	 *
	 * @param address where their clients have connected
	 * @param open whether it takes them over
	 */
	record TakesOver(ListenAddress address, boolean open) implements Dispatching {
	}

	/**
	 * Hands a connection over that is between two requests, and whose descriptor travels
	 * with this message. Nothing is read from it until the answer, which is
	 * {@link FromPrimary.HandedOver}.
	 *
	 * @param exchange number that the answer carries
	 * @param address where the client has connected
	 * @param connection what it takes along
	 */
	record HandOver(long exchange, ListenAddress address, KeptConnection connection) implements Dispatching, Offer {
	}

}
