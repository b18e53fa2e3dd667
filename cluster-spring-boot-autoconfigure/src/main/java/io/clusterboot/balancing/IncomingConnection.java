package io.clusterboot.balancing;

import java.net.InetAddress;

import org.jspecify.annotations.Nullable;

/**
 * A connection that a client has made.
 *
 * @param client the client's address, or that of the proxy before it; {@code null} if it
 * is not known
 */
public record IncomingConnection(@Nullable InetAddress client) {
}
