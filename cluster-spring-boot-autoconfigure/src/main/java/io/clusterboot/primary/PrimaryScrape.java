package io.clusterboot.primary;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

import io.clusterboot.metrics.ClusterScrape;
import io.clusterboot.metrics.PrimarySnapshots;
import io.clusterboot.primary.PrimaryServer.Page;
import io.clusterboot.primary.PrimaryServer.Response;
import io.clusterboot.protocol.ClusterDescription;
import io.clusterboot.protocol.ClusterStatistics;
import io.clusterboot.protocol.MemberDescription;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import org.jspecify.annotations.Nullable;

/**
 * The meters of the primary and of the workers that answer, in the format that is asked
 * for.
 */
final class PrimaryScrape implements Page {

	private final ExpositionFormats formats = ExpositionFormats.init();

	private final ClusterScrape scrape;

	PrimaryScrape(Supervisor supervisor, Supplier<ClusterDescription> cluster, Supplier<ClusterStatistics> statistics,
			Duration timeout) {
		PrimarySnapshots own = new PrimarySnapshots(statistics);
		this.scrape = new ClusterScrape(own, () -> members(cluster.get()), supervisor::requestSnapshot, timeout, own);
	}

	private static List<MemberDescription> members(ClusterDescription cluster) {
		return cluster.workers()
			.stream()
			.map((worker) -> new MemberDescription(worker.id(), worker.index(), worker.pid(), worker.state()))
			.toList();
	}

	@Override
	public Response respond(@Nullable String accept) throws IOException {
		ExpositionFormatWriter writer = this.formats.findWriter(accept);
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		writer.write(out, this.scrape.ofCluster());
		return Response.of(writer.getContentType(), out.toByteArray());
	}

}
