/**
 * What runs in a worker: its link to the primary, its shared sockets, its readiness and
 * its way out.
 */
@NullMarked
package io.clusterboot.worker;

import org.jspecify.annotations.NullMarked;
