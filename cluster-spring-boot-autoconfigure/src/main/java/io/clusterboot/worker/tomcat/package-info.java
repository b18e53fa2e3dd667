/**
 * Tomcat on shared sockets.
 */
@NullMarked
package io.clusterboot.worker.tomcat;

import org.jspecify.annotations.NullMarked;
