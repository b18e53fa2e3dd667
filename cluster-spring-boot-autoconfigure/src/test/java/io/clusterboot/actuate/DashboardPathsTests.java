package io.clusterboot.actuate;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.actuate.endpoint.EndpointId;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DashboardPaths}.
 */
class DashboardPathsTests {

	@ParameterizedTest
	@CsvSource({ "cluster, cluster/dashboard, dashboard, ../cluster",
			"admin/cluster, admin/cluster/dashboard, dashboard, ../../admin/cluster",
			"cluster, board, board, cluster" })
	void linksOfThePageAreRelative(String cluster, String dashboard, String base, String operations) {
		DashboardPaths paths = new DashboardPaths(cluster, dashboard);
		assertThat(paths.base()).isEqualTo(base);
		assertThat(paths.operations()).isEqualTo(operations);
	}

	@Test
	void onlyTheDashboardIsMapped() {
		DashboardPaths paths = new DashboardPaths("cluster", "cluster/dashboard");
		assertThat(paths.getRootPath(EndpointId.of("clusterdashboard"))).isEqualTo("cluster/dashboard");
		assertThat(paths.getRootPath(EndpointId.of("cluster"))).isNull();
	}

}
