package io.clusterboot.demo;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.clusterboot.task.ClusterTask;
import io.clusterboot.task.ClusterTaskExecutor;
import org.jspecify.annotations.Nullable;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Computes the Fibonacci numbers up to one, each wherever there is the least to do.
 */
@RestController
class PoolController {

	private static final String TASK = "fibonacci";

	private static final Range N = new Range("n", 0, 45);

	private final ClusterTaskExecutor executor;

	private final WorkerProcess process;

	PoolController(ClusterTaskExecutor executor, WorkerProcess process) {
		this.executor = executor;
		this.process = process;
	}

	@GetMapping("/pool")
	CompletableFuture<Batch> compute(@RequestParam(required = false) @Nullable String n) {
		List<Integer> numbers = IntStream.rangeClosed(0, N.parse(n)).boxed().toList();
		return this.executor.map(TASK, numbers, Result.class).thenApply(Batch::of);
	}

	@ClusterTask(value = TASK, idempotent = true)
	Result fibonacci(int n) {
		return new Result(this.process.pid(), Fibonacci.number(n));
	}

	record Result(long pid, long number) {

	}

	/**
	 * The answer.
	 *
	 * @param results the numbers
	 * @param workers how many of them each process has computed
	 */
	record Batch(List<Long> results, Map<Long, Long> workers) {

		static Batch of(List<@Nullable Result> results) {
			List<Result> all = results.stream().filter(Objects::nonNull).toList();
			return new Batch(all.stream().map(Result::number).toList(),
					all.stream().collect(Collectors.groupingBy(Result::pid, TreeMap::new, Collectors.counting())));
		}

	}

}
