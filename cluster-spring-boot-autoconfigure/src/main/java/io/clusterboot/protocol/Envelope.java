package io.clusterboot.protocol;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What the processes of a cluster say to each other on behalf of the application. All of
 * it goes through the primary, which reads the envelope and passes the payload on as it
 * is. Whatever carries a payload is acknowledged with {@link Taken}, so that a sender
 * knows how much of what it has sent is still on its way.
 */
public sealed interface Envelope extends Message {

	/** The primary, as an address. Workers have their ids, from 1. */
	int PRIMARY = 0;

	/** All workers but the sender, as an address. */
	int OTHERS = -1;

	/** The worker that has the least to do, as an address. */
	int LEAST_BUSY = -2;

	/** Most characters of words in an envelope. */
	int LONGEST = 8 * 1024;

	/**
	 * Make sure that words, such as those of an application's exception, fit into an
	 * envelope.
	 * @param words the words
	 * @return at most some thousand characters of them
	 */
	static String shortened(String words) {
		return (words.length() > LONGEST) ? words.substring(0, LONGEST) + "…" : words;
	}

	/**
	 * Who says it.
	 * @return the id of a worker, or {@link #PRIMARY}
	 */
	int from();

	/**
	 * To whom.
	 * @return the id of a worker, or another address
	 */
	int to();

	/**
	 * A message, whose payload travels along.
	 *
	 * @param from who sends it
	 * @param to to which address it was sent
	 * @param exchange the sender's number for it
	 * @param channel what it is for
	 * @param topic which of the receiver's listeners it is for
	 * @param reply whether the sender waits for a {@link Reply}
	 * @param except ids of workers that do not get it, where the address leaves a choice
	 */
	record Delivery(int from, int to, long exchange, Channel channel, String topic, boolean reply,
			List<Integer> except) implements Envelope {
	}

	/**
	 * Says that the receiver has read a {@link Delivery} or a {@link Reply} and has room
	 * for it.
	 *
	 * @param from who has taken it
	 * @param to who has sent it
	 * @param exchange the sender's number for it
	 */
	record Taken(int from, int to, long exchange) implements Envelope {
	}

	/**
	 * Answers a {@link Delivery}, with the payload that travels along unless there is a
	 * failure.
	 *
	 * @param from who answers
	 * @param to who has asked
	 * @param exchange the number of the one who answers for this
	 * @param inReplyTo the asker's number for its question
	 * @param failure why there is no answer, in words
	 */
	record Reply(int from, int to, long exchange, long inReplyTo, @Nullable String failure) implements Envelope {
	}

	/**
	 * Says that a {@link Delivery} cannot be delivered or read. It is not handled.
	 *
	 * @param from who should have got it
	 * @param to who has sent it
	 * @param exchange the sender's number for it
	 * @param reason why not, in words
	 */
	record Undeliverable(int from, int to, long exchange, String reason) implements Envelope {
	}

	/**
	 * Says that nobody waits for the reply to a {@link Delivery} any more.
	 *
	 * @param from who has waited
	 * @param to who would have answered
	 * @param exchange the number of the one who has waited
	 */
	record Cancel(int from, int to, long exchange) implements Envelope {
	}

	/**
	 * Tells the sender of a {@link Delivery} to an address that is no process who gets
	 * it.
	 *
	 * @param to who has sent it
	 * @param exchange the sender's number for it
	 * @param workers the ids of those who get it
	 */
	record Recipients(int to, long exchange, List<Integer> workers) implements Envelope {

		@Override
		public int from() {
			return PRIMARY;
		}

	}

	/**
	 * Tells a worker that leaves that no {@link Delivery} comes after this.
	 *
	 * @param to who leaves
	 */
	record Fence(int to) implements Envelope {

		@Override
		public int from() {
			return PRIMARY;
		}

	}

	/**
	 * Says that a worker is gone, after all that it has said.
	 *
	 * @param to who is told
	 * @param worker the worker's id
	 * @param settled number of the {@link Settle} that this answers; 0 if it answers none
	 */
	record Gone(int to, int worker, long settled) implements Envelope {

		@Override
		public int from() {
			return PRIMARY;
		}

	}

	/**
	 * Asks to be told again that a worker is gone, behind the answers to all that has
	 * been sent to it before: what finds it gone is {@link Undeliverable}.
	 *
	 * @param from who asks
	 * @param exchange the number of the one who asks, never 0
	 * @param worker the worker's id
	 */
	record Settle(int from, long exchange, int worker) implements Envelope {

		@Override
		public int to() {
			return PRIMARY;
		}

	}

	/**
	 * What a message is for.
	 */
	enum Channel {

		/**
		 * Listeners of a topic.
		 */
		MESSAGE,

		/**
		 * The worker pool.
		 */
		TASK,

		/**
		 * Scrapes of workers' meters.
		 */
		METRICS

	}

}
