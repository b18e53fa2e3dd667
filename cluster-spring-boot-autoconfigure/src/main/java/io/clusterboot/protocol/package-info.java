/**
 * What primary and workers say to each other, and how it travels: messages, frames and
 * file descriptors.
 */
@NullMarked
package io.clusterboot.protocol;

import org.jspecify.annotations.NullMarked;
