package io.clusterboot.protocol;

/**
 * Offers a connection, of which the sender keeps a copy until it is answered. A process
 * that has no room for the descriptor gets the message without it, and has to refuse.
 */
public sealed interface Offer permits FromWorker.HandOver, FromPrimary.Connection {

}
