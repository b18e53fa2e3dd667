/**
 * What happens in the cluster, and who is in it, as the application sees it.
 */
@NullMarked
package io.clusterboot.event;

import org.jspecify.annotations.NullMarked;
