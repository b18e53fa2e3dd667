package io.clusterboot.protocol;

import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * Something that is said over the link between the primary and a worker. Its name on the
 * wire is the simple name of its type.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME)
public sealed interface Message permits FromWorker, FromPrimary, Envelope {

}
