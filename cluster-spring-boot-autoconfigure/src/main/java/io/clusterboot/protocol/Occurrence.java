package io.clusterboot.protocol;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.jspecify.annotations.Nullable;

/**
 * Something that has happened in the cluster, as the primary has seen it.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME)
public sealed interface Occurrence {

	/**
	 * The process of a worker has connected to the primary.
	 *
	 * @param worker the worker
	 */
	record Online(MemberDescription worker) implements Occurrence {
	}

	/**
	 * A worker begins to accept connections, for the first time or again.
	 *
	 * @param worker the worker
	 */
	record Listening(MemberDescription worker) implements Occurrence {
	}

	/**
	 * A worker drains.
	 *
	 * @param worker the worker
	 */
	record Disconnected(MemberDescription worker) implements Occurrence {
	}

	/**
	 * The process of a worker has exited.
	 *
	 * @param worker the worker
	 * @param code exit code; for a signal 128 and its number
	 * @param signal name of the signal that ended it
	 */
	record Exited(MemberDescription worker, int code, @JsonInclude @Nullable String signal) implements Occurrence {
	}

	/**
	 * A reload begins.
	 *
	 * @param reload the reload
	 */
	record ReloadStarted(ReloadDescription reload) implements Occurrence {
	}

	/**
	 * The outcome of a reload is known.
	 *
	 * @param reload the reload
	 */
	record ReloadFinished(ReloadDescription reload) implements Occurrence {
	}

	/**
	 * There should be another number of workers from now on.
	 *
	 * @param from number of workers that there should have been
	 * @param to number of workers that there should be
	 */
	record Scaled(int from, int to) implements Occurrence {
	}

}
