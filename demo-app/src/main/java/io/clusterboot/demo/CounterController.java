package io.clusterboot.demo;

import io.clusterboot.state.SharedCounter;
import io.clusterboot.state.SharedState;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Counts for all workers.
 */
@RestController
class CounterController {

	private final SharedCounter counter;

	private final WorkerProcess process;

	CounterController(SharedState state, WorkerProcess process) {
		this.counter = state.counter("demo");
		this.process = process;
	}

	@GetMapping("/increment")
	Count increment() {
		return new Count(this.process.pid(), this.counter.increment());
	}

	@GetMapping("/counter")
	Count counter() {
		return new Count(this.process.pid(), this.counter.get());
	}

	/**
	 * The answer.
	 *
	 * @param worker the process that answers
	 * @param counter the number
	 */
	record Count(long worker, long counter) {

	}

}
