package io.clusterboot.actuate;

import java.io.IOException;
import java.util.List;

import io.clusterboot.dashboard.DashboardFiles;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.worker.WorkerAgent;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.Resource;
import org.springframework.util.MimeTypeUtils;

/**
 * {@link Endpoint @Endpoint} with a page that shows the cluster, and the files that it
 * needs.
 */
@WebEndpoint(id = ClusterDashboardEndpoint.ID, defaultAccess = Access.READ_ONLY)
public class ClusterDashboardEndpoint {

	/** The id of this endpoint. */
	public static final String ID = "clusterdashboard";

	private static final String STATE = "state";

	private static final String SESSION = "session";

	private final WorkerAgent agent;

	private final ClusterEndpoint cluster;

	private final DashboardPaths paths;

	private final boolean live;

	private final boolean writable;

	private final int mostWorkers;

	/**
	 * Create an endpoint.
	 * @param agent knows how to ask the primary
	 * @param cluster describes the cluster
	 * @param paths where this endpoint and its operations are
	 * @param live whether there are server-sent events
	 * @param writable whether the {@code cluster} endpoint's operations are there
	 * @param mostWorkers largest number of workers that the cluster can be scaled to
	 */
	public ClusterDashboardEndpoint(WorkerAgent agent, ClusterEndpoint cluster, DashboardPaths paths, boolean live,
			boolean writable, int mostWorkers) {
		this.agent = agent;
		this.cluster = cluster;
		this.paths = paths;
		this.live = live;
		this.writable = writable;
		this.mostWorkers = mostWorkers;
	}

	/**
	 * The page.
	 * @return the page
	 */
	@ReadOperation(produces = "text/html")
	public WebEndpointResponse<Resource> page() {
		return response(DashboardFiles.page(this.paths.base(), this.paths.operations(), this.live));
	}

	/**
	 * A file that the page needs, or what it shows.
	 * @param name name of the file, {@code state} or {@code session}
	 * @return 200; 404 if there is no such file; 503 if the primary does not answer
	 */
	@ReadOperation
	public WebEndpointResponse<?> file(@Selector String name) {
		if (STATE.equals(name)) {
			DashboardState state = state();
			return new WebEndpointResponse<>(state, state.cluster().isComplete() ? WebEndpointResponse.STATUS_OK
					: WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
		}
		if (SESSION.equals(name)) {
			return new WebEndpointResponse<>(DashboardSession.UNPROTECTED);
		}
		DashboardFiles.File file = DashboardFiles.file(name);
		return (file != null) ? response(file) : new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
	}

	/**
	 * What the page shows.
	 * @return the cluster, or what is known of it if the primary does not answer
	 */
	DashboardState state() {
		try {
			FromPrimary.Described described = this.agent.describeWithEvents();
			return new DashboardState(this.cluster.describe(described.cluster()), described.events(), this.writable,
					this.mostWorkers);
		}
		catch (IOException ex) {
			return new DashboardState(this.cluster.unknown(ex), List.of(), this.writable, this.mostWorkers);
		}
	}

	private static WebEndpointResponse<Resource> response(DashboardFiles.File file) {
		return new WebEndpointResponse<>(new ByteArrayResource(file.content()),
				MimeTypeUtils.parseMimeType(file.type()));
	}

}
