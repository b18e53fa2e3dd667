/**
 * Control of the running cluster, for applications to program against.
 */
@NullMarked
package io.clusterboot.control;

import org.jspecify.annotations.NullMarked;
