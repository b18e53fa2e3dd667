/**
 * Which worker gets a new connection, where it is not left to the kernel.
 */
@NullMarked
package io.clusterboot.balancing;

import org.jspecify.annotations.NullMarked;
