package io.clusterboot.actuate;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.clusterboot.protocol.ClusterDescription.WorkerDescription;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * What the {@code cluster} endpoint answers for one worker.
 *
 * @param worker the worker
 */
public record WorkerDescriptor(@JsonUnwrapped WorkerDescription worker) implements OperationResponseBody {

}
