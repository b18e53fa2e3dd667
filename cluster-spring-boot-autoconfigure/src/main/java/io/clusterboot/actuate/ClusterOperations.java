package io.clusterboot.actuate;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

import io.clusterboot.control.CommandRefusedException;
import io.clusterboot.control.PrimaryClusterControl;
import io.clusterboot.control.ReloadFailedException;
import io.clusterboot.node.ClusterNodes;
import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.state.SharedStateException;
import io.clusterboot.worker.RequestTracker;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.convert.DurationStyle;

/**
 * The operations of the {@link ClusterEndpoint} that change the cluster, as they are
 * called over HTTP: each has a name, parameters in text, and an answer with a status.
 */
final class ClusterOperations {

	private static final int ACCEPTED = 202;

	private static final int CONFLICT = 409;

	private static final int GATEWAY_TIMEOUT = 504;

	/** Whose outcome can be waited for. */
	private static final Set<String> WAITING = Set.of("reload", "restart");

	private static final String TRIGGER = "endpoint";

	private final PrimaryClusterControl control;

	private final RequestTracker requests;

	private final String numberOfWorkers;

	private final Supplier<@Nullable ClusterNodes> nodes;

	ClusterOperations(PrimaryClusterControl control, RequestTracker requests, int mostWorkers,
			Supplier<@Nullable ClusterNodes> nodes) {
		this.nodes = nodes;
		this.control = control;
		this.requests = requests;
		this.numberOfWorkers = "the number of workers, from 1 to %d (cluster.max-workers)".formatted(mostWorkers);
	}

	WebEndpointResponse<Object> run(String operation, @Nullable String workers, @Nullable String id,
			@Nullable String wait, @Nullable String scope) {
		try {
			if (isForAllNodes(operation, wait, scope)) {
				return reloadAllNodes();
			}
			Duration atMost = atMost(operation, wait);
			return switch (operation) {
				case "reload" -> answer(this.control.reload(TRIGGER), atMost);
				case "restart" -> answer(
						this.control.restart(number("id", id, "the id of a worker, a whole number"), TRIGGER), atMost);
				case "abort" -> new WebEndpointResponse<>(this.control.abort().join(), ACCEPTED);
				case "scale" -> new WebEndpointResponse<>(
						new Scaled(this.control.scale(number("workers", workers, this.numberOfWorkers)).join()),
						ACCEPTED);
				default -> problem(WebEndpointResponse.STATUS_NOT_FOUND,
						"There is no operation '%s'. There are reload, abort, restart and scale".formatted(operation));
			};
		}
		catch (IllegalArgumentException ex) {
			return problem(WebEndpointResponse.STATUS_BAD_REQUEST, ex.getMessage());
		}
		catch (CompletionException ex) {
			return refused(ex.getCause());
		}
	}

	private static boolean isForAllNodes(String operation, @Nullable String wait, @Nullable String scope) {
		if (scope == null || scope.equals("node")) {
			return false;
		}
		if (!scope.equals("all") || !operation.equals("reload") || wait != null) {
			throw new IllegalArgumentException(
					"'scope' is 'node' or 'all', and 'all' is for 'reload' without 'wait': it is '%s'"
						.formatted(scope));
		}
		return true;
	}

	private WebEndpointResponse<Object> reloadAllNodes() {
		ClusterNodes nodes = this.nodes.get();
		if (nodes == null) {
			return problem(CONFLICT, "There are no other nodes: that needs a Redis that the application configures");
		}
		try {
			return new WebEndpointResponse<>(nodes.reloadAll(), ACCEPTED);
		}
		catch (IllegalStateException ex) {
			return problem(CONFLICT, ex.getMessage());
		}
		catch (SharedStateException ex) {
			return problem(WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE, ex.getMessage());
		}
	}

	private WebEndpointResponse<Object> answer(CompletableFuture<ReloadDescription> begun, @Nullable Duration atMost) {
		ReloadDescription reload = begun.join();
		if (atMost == null) {
			return new WebEndpointResponse<>(reload, ACCEPTED);
		}
		try {
			return new WebEndpointResponse<>(this.requests.waiting(this.control.outcome(reload, atMost)::join));
		}
		catch (CompletionException ex) {
			if (ex.getCause() instanceof ReloadFailedException failed) {
				return new WebEndpointResponse<>(failed.reload(), WebEndpointResponse.STATUS_INTERNAL_SERVER_ERROR);
			}
			return problem(GATEWAY_TIMEOUT,
					"Reload %d goes on, its outcome is not known yet: look at the cluster".formatted(reload.id()));
		}
	}

	private static int number(String name, @Nullable String value, String meaning) {
		try {
			return Integer.parseInt(String.valueOf(value).trim());
		}
		catch (NumberFormatException ex) {
			throw new IllegalArgumentException("Give %s, as '%s': it is %s".formatted(meaning, name,
					(value != null) ? "'" + value + "'" : "missing"), ex);
		}
	}

	private static @Nullable Duration atMost(String operation, @Nullable String wait) {
		if (wait == null) {
			return null;
		}
		if (!WAITING.contains(operation)) {
			throw new IllegalArgumentException(
					"'%s' does not wait: look at the cluster, or leave 'wait' out".formatted(operation));
		}
		Duration duration = parse(wait.trim());
		if (duration == null || duration.isNegative() || duration.isZero()
				|| duration.compareTo(PrimaryClusterControl.MOST) > 0) {
			throw new IllegalArgumentException(
					"Give 'wait' a time such as '90s' or '2m', up to 1h: it is '%s'".formatted(wait));
		}
		return duration;
	}

	private static @Nullable Duration parse(String value) {
		try {
			return DurationStyle.detectAndParse(value);
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	private static WebEndpointResponse<Object> refused(@Nullable Throwable cause) {
		String message = (cause != null) ? String.valueOf(cause.getMessage()) : "";
		if (cause instanceof CommandRefusedException refused) {
			return problem(switch (refused.refusal()) {
				case OUT_OF_RANGE -> WebEndpointResponse.STATUS_BAD_REQUEST;
				case UNKNOWN_WORKER -> WebEndpointResponse.STATUS_NOT_FOUND;
				case CONFLICT -> CONFLICT;
				case UNAVAILABLE -> WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE;
			}, message);
		}
		return problem(WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE, message);
	}

	private static WebEndpointResponse<Object> problem(int status, @Nullable String error) {
		return new WebEndpointResponse<>(new Problem(String.valueOf(error)), status);
	}

	/**
	 * Why an operation was not carried out.
	 *
	 * @param error the reason, and what to do
	 */
	record Problem(String error) {
	}

	/**
	 * The answer to {@code scale}.
	 *
	 * @param configuredWorkers number of workers that there should be now
	 */
	record Scaled(int configuredWorkers) {
	}

}
