/**
 * The Redis that a cluster runs for itself: a worker finds the program, the primary runs
 * it.
 */
@NullMarked
package io.clusterboot.redis;

import org.jspecify.annotations.NullMarked;
