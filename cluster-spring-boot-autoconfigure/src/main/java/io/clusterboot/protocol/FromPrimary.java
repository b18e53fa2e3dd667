package io.clusterboot.protocol;

import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What the primary says to a worker.
 */
public sealed interface FromPrimary extends Message {

	/**
	 * An answer to one message of the worker's.
	 */
	sealed interface Answer extends FromPrimary {

		/**
		 * The number that the worker's message carried.
		 * @return the number
		 */
		long exchange();

	}

	/**
	 * Tells the worker to bind the address before all others and to say so.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.Listen}
	 * @param passed whether the primary accepts and passes connections on
	 */
	record Bind(long exchange, boolean passed) implements Answer {
	}

	/**
	 * Gives the worker the handle of an address, whose descriptor travels with this
	 * message, or only the port, if each worker binds it for itself.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.Listen}
	 * @param port port that the socket is bound to
	 * @param passed whether the primary accepts and passes connections on
	 */
	record Handle(long exchange, int port, boolean passed) implements Answer {
	}

	/**
	 * Describes the cluster.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.Describe}
	 * @param cluster the description
	 * @param events what has happened last, oldest first
	 */
	record Described(long exchange, ClusterDescription cluster, List<PastEvent> events) implements Answer {
	}

	/**
	 * Promises the worker that it will be told to disconnect.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.LeaveRequested}
	 */
	record Granted(long exchange) implements Answer {
	}

	/**
	 * Says that a command is being carried out.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.Command}
	 * @param reload the reload or restart that it led to, or that it is about
	 * @param configuredWorkers number of workers that there should be now
	 */
	record Accepted(long exchange, @Nullable ReloadDescription reload, int configuredWorkers) implements Answer {
	}

	/**
	 * Says that a command is not carried out, and that nothing has changed.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.Command}
	 * @param refusal what kind of reason there is
	 * @param message the reason, and what to do
	 */
	record Refused(long exchange, Refusal refusal, String message) implements Answer {
	}

	/**
	 * Tells how a reload or restart ended.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.AwaitOutcome}
	 * @param reload the reload; {@code null} if there is none with that id, or it is long
	 * past
	 */
	record Outcome(long exchange, @Nullable ReloadDescription reload) implements Answer {
	}

	/**
	 * Says whether a worker may run something that must not run twice.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.Acquire}
	 * @param verdict whether it may
	 */
	record Permitted(long exchange, Verdict verdict) implements Answer {
	}

	/**
	 * Tells where the cluster's Redis listens, whether it is up or not.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.RedisWanted}
	 * @param socket path of its UNIX socket; {@code null} if there can be none
	 * @param error why there can be none
	 */
	record RedisProvided(long exchange, @Nullable String socket, @Nullable String error) implements Answer {
	}

	/**
	 * Tells the worker what is going on in the cluster.
	 */
	sealed interface News extends FromPrimary {

	}

	/**
	 * Makes the worker the leader, unless its state has changed in the meantime.
	 *
	 * @param stateChanges number of {@link FromWorker.StateChanged} that the primary has
	 * got from this worker; if the worker has said more, this is void
	 */
	record Appointed(long stateChanges) implements News {
	}

	/**
	 * Tells who is there. Said when the link begins and whenever it changes, and before
	 * what {@linkplain Happened has changed it}.
	 *
	 * @param members the workers that live, by index and id
	 */
	record Members(List<MemberDescription> members) implements News {
	}

	/**
	 * Tells what has happened.
	 *
	 * @param occurrence what
	 */
	record Happened(Occurrence occurrence) implements News {
	}

	/**
	 * Tells what the primary has counted. Said when the link begins and, at most once a
	 * second, when it has changed.
	 *
	 * @param statistics what it has counted
	 */
	record Counted(ClusterStatistics statistics) implements News {
	}

	/**
	 * Passes a connection on, whose descriptor travels with this message. To be answered
	 * by {@link FromWorker.ConnectionTaken} or {@link FromWorker.ConnectionDeclined}.
	 *
	 * @param number number that the answer carries
	 * @param address where the client has connected
	 * @param kept what it takes along from the worker that had it before, or {@code null}
	 * if it is new
	 */
	record Connection(long number, ListenAddress address, @Nullable KeptConnection kept) implements FromPrimary, Offer {
	}

	/**
	 * Says whose a connection is that the worker wanted to hand over.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.HandOver}
	 * @param taken whether it is no longer the worker's, which otherwise goes on with it
	 */
	record HandedOver(long exchange, boolean taken) implements Answer {
	}

	/**
	 * Has the worker hand some connections over, since it has more than others.
	 *
	 * @param connections most connections to hand over; takes the place of what is left
	 * of the number before
	 * @param keep number of connections that it is to be left with at least. What the
	 * primary knows of its connections may be old, and some may have closed since
	 */
	record Rebalance(int connections, int keep) implements FromPrimary {
	}

	/**
	 * Says that nothing more comes from an address.
	 *
	 * @param exchange the number of the worker's {@link FromWorker.LastCall}
	 */
	record LastCallOver(long exchange) implements Answer {
	}

	/**
	 * Tells the worker whether anybody accepts connections. Said when the link begins and
	 * whenever it changes.
	 *
	 * @param anyReady whether some worker is ready
	 */
	record Availability(boolean anyReady) implements FromPrimary {
	}

	/**
	 * Tells the worker to drain and to exit.
	 *
	 * @param delay time for which it goes on serving before it drains, while its
	 * readiness refuses traffic already
	 * @param last whether nobody will accept after this cluster's workers, so that what
	 * waits in the accept queue has to be served before the socket closes
	 */
	record Disconnect(Duration delay, boolean last) implements FromPrimary {
	}

}
