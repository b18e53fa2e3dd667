/**
 * Messages between the processes of a cluster.
 */
@NullMarked
package io.clusterboot.messaging;

import org.jspecify.annotations.NullMarked;
