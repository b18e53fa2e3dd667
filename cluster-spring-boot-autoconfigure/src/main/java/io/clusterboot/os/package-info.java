/**
 * What primary and workers need of the operating system and Java does not offer.
 */
@NullMarked
package io.clusterboot.os;

import org.jspecify.annotations.NullMarked;
