package io.clusterboot.demo;

import org.jspecify.annotations.Nullable;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Keeps a processor busy.
 */
@RestController
class ComputeController {

	private static final Range N = new Range("n", 0, 50);

	private final WorkerProcess process;

	ComputeController(WorkerProcess process) {
		this.process = process;
	}

	@GetMapping("/compute")
	Computed compute(@RequestParam(required = false) @Nullable String n) {
		return new Computed(this.process.pid(), Fibonacci.number(N.parse(n)));
	}

	record Computed(long pid, long result) {

	}

}
