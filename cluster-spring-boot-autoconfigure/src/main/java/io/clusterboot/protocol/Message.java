package io.clusterboot.protocol;

import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * Something that the primary and a worker say to each other. Its name on the wire is the
 * simple name of its type.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME)
public sealed interface Message permits FromWorker, FromPrimary {

}
