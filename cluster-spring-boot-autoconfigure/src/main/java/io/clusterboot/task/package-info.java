/**
 * The worker pool: work that one worker submits runs in the one that has the least to do.
 */
@NullMarked
package io.clusterboot.task;

import org.jspecify.annotations.NullMarked;
