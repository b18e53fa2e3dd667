/**
 * The cluster in the actuator: endpoint and health.
 */
@NullMarked
package io.clusterboot.actuate;

import org.jspecify.annotations.NullMarked;
