/**
 * What the tests of shared state add to the demo application.
 */
package io.clusterboot.it.state;
