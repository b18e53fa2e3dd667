/**
 * The application of the tutorial.
 */
@NullMarked
package io.clusterboot.demo;

import org.jspecify.annotations.NullMarked;
