/**
 * Near caches: what each worker keeps of a cache that all share.
 */
@NullMarked
package io.clusterboot.cache;

import org.jspecify.annotations.NullMarked;
