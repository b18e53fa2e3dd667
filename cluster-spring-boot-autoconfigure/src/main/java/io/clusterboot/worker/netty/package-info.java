/**
 * Reactor Netty on shared sockets.
 */
@NullMarked
package io.clusterboot.worker.netty;

import org.jspecify.annotations.NullMarked;
