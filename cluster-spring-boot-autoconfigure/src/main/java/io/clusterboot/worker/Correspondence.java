package io.clusterboot.worker;

import io.clusterboot.protocol.Envelope;

/**
 * What the application says to other processes of the cluster, and what they say to it.
 */
public interface Correspondence {

	/**
	 * An envelope has come. Called by the thread that reads the link, which must not be
	 * held up.
	 * @param envelope the envelope
	 * @param payload what is in it
	 */
	void received(Envelope envelope, byte[] payload);

	/**
	 * This worker leaves, which the primary is going to be told: it sends a fence behind
	 * the last message.
	 */
	void leaving();

	/**
	 * Nothing can be sent or received any more.
	 */
	void linkClosed();

	/**
	 * How much of what has been received is still worked on, which a worker that leaves
	 * waits for.
	 * @return the number of messages
	 */
	int unfinished();

}
