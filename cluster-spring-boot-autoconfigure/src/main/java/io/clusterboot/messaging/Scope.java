package io.clusterboot.messaging;

/**
 * How far a broadcast goes.
 */
public enum Scope {

	/**
	 * To the other workers of this machine's cluster.
	 */
	NODE,

	/**
	 * To the workers of all clusters with the same name that share a Redis, too.
	 */
	ALL_NODES

}
