/**
 * What is measured: the cluster's own meters, and the snapshots of workers' meters that
 * are put together for one scrape.
 */
@NullMarked
package io.clusterboot.metrics;

import org.jspecify.annotations.NullMarked;
