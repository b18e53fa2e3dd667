package io.clusterboot.protocol;

/**
 * What a connection takes along to another worker, beside what the kernel knows of it.
 *
 * @param client the client's address in text, or that of the proxy before it
 * @param requestsLeft number of requests that the client may still send over it, or a
 * negative number if there is no limit
 * @param idleMillis time since anything has happened on it, in milliseconds
 */
public record KeptConnection(String client, int requestsLeft, long idleMillis) {
}
