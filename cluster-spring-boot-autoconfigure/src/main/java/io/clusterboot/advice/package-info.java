/**
 * What in an application is not safe with several workers.
 */
@NullMarked
package io.clusterboot.advice;

import org.jspecify.annotations.NullMarked;
