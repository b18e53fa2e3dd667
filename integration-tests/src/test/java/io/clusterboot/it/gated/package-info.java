/**
 * What lets a test hold workers of the demo application in their start.
 */
package io.clusterboot.it.gated;
