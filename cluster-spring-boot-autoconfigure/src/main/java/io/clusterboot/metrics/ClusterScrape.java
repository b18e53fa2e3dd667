package io.clusterboot.metrics;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.WorkerState;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.NestedExceptionUtils;

/**
 * Collects the meters of all workers. All are asked at the same time; one that does not
 * answer in time is left out.
 * <p>
 * Thread-safe.
 */
public final class ClusterScrape {

	private static final Log logger = LogFactory.getLog(ClusterScrape.class);

	private final LocalSnapshots local;

	private final Supplier<List<MemberDescription>> members;

	private final SnapshotRequests requests;

	private final Duration timeout;

	private final IntConsumer omission;

	/**
	 * Create a scrape.
	 * @param local the meters of this process
	 * @param members the workers that live
	 * @param requests asks the others
	 * @param timeout longest time to wait for them
	 * @param omission is told the index of each worker that is left out
	 */
	public ClusterScrape(LocalSnapshots local, Supplier<List<MemberDescription>> members, SnapshotRequests requests,
			Duration timeout, IntConsumer omission) {
		this.local = local;
		this.members = members;
		this.requests = requests;
		this.timeout = timeout;
		this.omission = omission;
	}

	/**
	 * The meters of all workers, and the cluster's own.
	 * @return the meters, each family once; those of workers with a label {@code worker}
	 */
	public MetricSnapshots ofCluster() {
		SortedMap<Integer, Integer> workers = representatives();
		Map<Integer, CompletableFuture<byte[]>> answers = new TreeMap<>();
		long deadline = System.nanoTime() + this.timeout.toNanos();
		workers.forEach((index, id) -> {
			if (id != this.local.id()) {
				answers.put(index, ask(index, id, deadline));
			}
		});
		SortedMap<Integer, MetricSnapshots> collected = new TreeMap<>();
		answers.forEach((index, answer) -> {
			try {
				collected.put(index, await(index, answer, deadline));
			}
			catch (NoAnswerException ex) {
				logger.debug("Left out of a scrape: " + ex.getMessage());
			}
		});
		if (workers.containsValue(this.local.id())) {
			collected.put(this.local.index(), this.local.worker());
		}
		SnapshotMerge merge = new SnapshotMerge();
		merge.add(this.local.cluster());
		collected.forEach(merge::add);
		return merge.result();
	}

	/**
	 * The meters of one worker.
	 * @param index its index
	 * @return its meters with a label {@code worker}; {@code null} if there is no such
	 * worker
	 * @throws NoAnswerException if it does not answer in time
	 */
	public @Nullable MetricSnapshots ofWorker(int index) throws NoAnswerException {
		Integer id = representatives().get(index);
		if (id == null) {
			return null;
		}
		long deadline = System.nanoTime() + this.timeout.toNanos();
		MetricSnapshots snapshots = (id == this.local.id()) ? this.local.worker()
				: await(index, ask(index, id, deadline), deadline);
		SnapshotMerge merge = new SnapshotMerge();
		merge.add(index, snapshots);
		return merge.result();
	}

	/**
	 * The worker that speaks for each index. While one replaces another it is the one to
	 * be replaced, until it leaves: were it now this one and now that one, counters would
	 * go down and up again, and each way up would count as an increase.
	 */
	private SortedMap<Integer, Integer> representatives() {
		SortedMap<Integer, Integer> workers = new TreeMap<>();
		speakers().forEach((member) -> workers.merge(member.index(), member.id(), Math::min));
		if (this.local.index() >= 0) {
			workers.putIfAbsent(this.local.index(), this.local.id());
		}
		return workers;
	}

	private Stream<MemberDescription> speakers() {
		return this.members.get()
			.stream()
			.filter((member) -> member.state() == WorkerState.READY || member.state() == WorkerState.REFUSING);
	}

	/**
	 * A worker that begins to leave takes no request any more, and may do so before that
	 * is known here. From then on its successor speaks.
	 */
	private CompletableFuture<byte[]> ask(int index, int id, long deadline) {
		Duration left = Duration.ofNanos(deadline - System.nanoTime());
		return this.requests.request(id, left).exceptionallyCompose((failure) -> {
			OptionalInt successor = speakers().filter((member) -> member.index() == index)
				.mapToInt(MemberDescription::id)
				.filter((other) -> other > id)
				.min();
			if (successor.isEmpty() || System.nanoTime() - deadline >= 0) {
				return CompletableFuture.failedFuture(failure);
			}
			return (successor.getAsInt() == this.local.id())
					? CompletableFuture.completedFuture(SnapshotWriter.write(this.local.worker()))
					: ask(index, successor.getAsInt(), deadline);
		});
	}

	private MetricSnapshots await(int index, CompletableFuture<byte[]> answer, long deadline) throws NoAnswerException {
		try {
			return SnapshotReader.read(answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
		}
		catch (TimeoutException ex) {
			throw omitted(index, "it has not answered within %d ms".formatted(this.timeout.toMillis()), ex);
		}
		catch (ExecutionException ex) {
			throw omitted(index, NestedExceptionUtils.getMostSpecificCause(ex).getMessage(), ex);
		}
		catch (IOException ex) {
			throw omitted(index, ex.getMessage(), ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw omitted(index, "interrupted", ex);
		}
		finally {
			answer.cancel(false);
		}
	}

	private NoAnswerException omitted(int index, @Nullable String reason, Exception cause) {
		this.omission.accept(index);
		return new NoAnswerException("There are no meters of the worker at index %d: %s".formatted(index, reason),
				cause);
	}

}
