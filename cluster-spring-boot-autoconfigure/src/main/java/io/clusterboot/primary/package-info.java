/**
 * What runs in the primary: one loop that supervises the workers and keeps the listening
 * sockets. It needs no Spring context.
 */
@NullMarked
package io.clusterboot.primary;

import org.jspecify.annotations.NullMarked;
