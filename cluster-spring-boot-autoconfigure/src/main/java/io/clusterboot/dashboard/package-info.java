/**
 * The files of the dashboard.
 */
@NullMarked
package io.clusterboot.dashboard;

import org.jspecify.annotations.NullMarked;
