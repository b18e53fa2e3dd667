package io.clusterboot.primary;

import io.clusterboot.launch.Build;

/**
 * What workers run that the same reload has started, or the cluster's start. A worker
 * that dies is replaced by one of its own generation: what has proved itself at an index
 * stays there until a reload has put something better in its place.
 *
 * @param number 0 for the cluster's start
 * @param build what workers run
 */
record Generation(int number, Build build) {

}
