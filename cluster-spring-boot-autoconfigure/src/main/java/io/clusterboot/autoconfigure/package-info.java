/**
 * Wiring: what makes a process the primary or a worker, and the beans of a worker.
 */
@NullMarked
package io.clusterboot.autoconfigure;

import org.jspecify.annotations.NullMarked;
