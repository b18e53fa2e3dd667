/**
 * Jetty on shared sockets.
 */
@NullMarked
package io.clusterboot.worker.jetty;

import org.jspecify.annotations.NullMarked;
