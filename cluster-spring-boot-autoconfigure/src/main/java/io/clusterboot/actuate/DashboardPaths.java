package io.clusterboot.actuate;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.web.PathMapper;
import org.springframework.util.StringUtils;

/**
 * Where the dashboard is: below the {@code cluster} endpoint, unless the application maps
 * it to somewhere else.
 */
public final class DashboardPaths implements PathMapper {

	private static final EndpointId ID = EndpointId.of(ClusterDashboardEndpoint.ID);

	private final String cluster;

	private final String dashboard;

	/**
	 * Create paths.
	 * @param cluster path of the {@code cluster} endpoint, below the base path
	 * @param dashboard path of the dashboard
	 */
	public DashboardPaths(String cluster, String dashboard) {
		this.cluster = cluster;
		this.dashboard = dashboard;
	}

	@Override
	public @Nullable String getRootPath(EndpointId endpointId) {
		return ID.equals(endpointId) ? this.dashboard : null;
	}

	/**
	 * The path of the dashboard.
	 * @return the path below the base path
	 */
	public String dashboard() {
		return this.dashboard;
	}

	/**
	 * The path of the {@code cluster} endpoint.
	 * @return the path below the base path
	 */
	public String cluster() {
		return this.cluster;
	}

	/**
	 * The last segment of that path, to which links in the page are relative.
	 * @return the segment
	 */
	String base() {
		return this.dashboard.substring(this.dashboard.lastIndexOf('/') + 1);
	}

	/**
	 * The path of the {@code cluster} endpoint.
	 * @return the path as a relative link in the page
	 */
	String operations() {
		return "../".repeat(StringUtils.countOccurrencesOf(this.dashboard, "/")) + this.cluster;
	}

}
