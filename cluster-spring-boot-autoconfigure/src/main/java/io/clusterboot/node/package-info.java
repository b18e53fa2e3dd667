/**
 * The clusters of one application on several machines: what they know of each other, and
 * what they do together, by means of a Redis that they share.
 */
@NullMarked
package io.clusterboot.node;

import org.jspecify.annotations.NullMarked;
