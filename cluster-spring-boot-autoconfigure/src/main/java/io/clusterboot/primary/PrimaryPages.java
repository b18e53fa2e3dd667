package io.clusterboot.primary;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.clusterboot.dashboard.DashboardFiles;
import io.clusterboot.primary.PrimaryServer.Page;
import io.clusterboot.primary.PrimaryServer.Response;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.PastEvent;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.util.ClassUtils;

/**
 * What the primary shows on its own port.
 */
final class PrimaryPages {

	private static final String FORMATS = "io.prometheus.metrics.expositionformats.ExpositionFormats";

	private static final String JSON = "application/json";

	private static final JsonMapper MAPPER = JsonMapper.builder().build();

	private final Supervisor supervisor;

	private final Duration timeout;

	/**
	 * Create pages.
	 * @param supervisor knows the cluster
	 * @param timeout longest time to wait for it
	 */
	PrimaryPages(Supervisor supervisor, Duration timeout) {
		this.supervisor = supervisor;
		this.timeout = timeout;
	}

	/**
	 * All pages.
	 * @param scrapeTimeout longest time that a scrape waits for workers
	 * @return the pages by path
	 */
	Map<String, Page> all(Duration scrapeTimeout) {
		Map<String, Page> pages = new LinkedHashMap<>();
		pages.put("/cluster", (accept) -> Response.of(JSON, MAPPER.writeValueAsBytes(cluster())));
		pages.put("/health", (accept) -> health(cluster()));
		pages.put("/metrics", metrics(scrapeTimeout));
		pages.put("/dashboard", file(DashboardFiles.page("dashboard", "", false)));
		pages.put("/dashboard/state", (accept) -> Response.of(JSON, MAPPER.writeValueAsBytes(state())));
		DashboardFiles.all().forEach((name, file) -> pages.put("/dashboard/" + name, file(file)));
		return pages;
	}

	/**
	 * The application need not have Prometheus' client.
	 */
	private Page metrics(Duration scrapeTimeout) {
		if (!ClassUtils.isPresent(FORMATS, PrimaryPages.class.getClassLoader())) {
			return (accept) -> Response.text(404, "Metrics need io.micrometer:micrometer-registry-prometheus");
		}
		return new PrimaryScrape(this.supervisor, this::cluster, this::statistics, scrapeTimeout);
	}

	private static Page file(DashboardFiles.File file) {
		Response response = Response.of(file.type(), file.content());
		return (accept) -> response;
	}

	/**
	 * What the dashboard shows, with nothing that it could change.
	 */
	private State state() {
		return new State(cluster(), await(this.supervisor.recentEvents()), false);
	}

	private ClusterDescription cluster() {
		return await(this.supervisor.describe());
	}

	private ClusterStatistics statistics() {
		return await(this.supervisor.count());
	}

	private <T> T await(CompletableFuture<T> answer) {
		try {
			return answer.get(this.timeout.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			throw new IllegalStateException("It is busy for more than %d ms".formatted(this.timeout.toMillis()), ex);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex.getCause());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
	}

	private static Response health(ClusterDescription cluster) {
		int ready = cluster.readyWorkers();
		String status = (ready == 0) ? "DOWN" : (ready < cluster.configuredWorkers()) ? "DEGRADED" : "UP";
		byte[] body = MAPPER.writeValueAsBytes(new Health(status, cluster.configuredWorkers(), ready));
		return new Response((ready > 0) ? 200 : 503, JSON, Map.of(), body);
	}

	private record State(ClusterDescription cluster, List<PastEvent> events, boolean writable) {
	}

	private record Health(String status, int configuredWorkers, int readyWorkers) {
	}

}
