/**
 * What the workers of an application share, on whatever machine: counters, values,
 * collections, locks, rate limits and elections, in Redis.
 */
@NullMarked
package io.clusterboot.state;

import org.jspecify.annotations.NullMarked;
