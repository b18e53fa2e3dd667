/**
 * Starts applications as real processes and drives them with real clients.
 */
package io.clusterboot.it;
