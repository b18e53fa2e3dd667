/**
 * Runs a Spring Boot application as a primary and N workers that share its port. This
 * package holds what all parts of the cluster and its users share.
 */
@NullMarked
package io.clusterboot;

import org.jspecify.annotations.NullMarked;
