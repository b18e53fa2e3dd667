package io.clusterboot.state;

/**
 * This worker's candidacy for a role that one of all workers has.
 * <p>
 * Thread-safe.
 */
public interface Candidacy extends AutoCloseable {

	/**
	 * Whether this worker has the role. That can change at any time; a worker that has
	 * stood still may believe it for a moment after another one has been elected.
	 * @return whether it has
	 */
	boolean isLeader();

	/**
	 * Stand no longer, and give the role to another one.
	 */
	@Override
	void close();

}
