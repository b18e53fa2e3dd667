/**
 * How a process becomes a primary: whether it should, the command line it was started
 * with, and the command line that it starts workers with.
 */
@NullMarked
package io.clusterboot.launch;

import org.jspecify.annotations.NullMarked;
