/**
 * What is done by one worker for the whole cluster.
 */
@NullMarked
package io.clusterboot.scheduling;

import org.jspecify.annotations.NullMarked;
