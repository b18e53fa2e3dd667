package io.clusterboot.demo;

import org.jspecify.annotations.Nullable;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Takes its time, as a request that waits for a database does.
 */
@RestController
class SlowController {

	private static final Range MS = new Range("ms", 0, 60_000);

	private final WorkerProcess process;

	SlowController(WorkerProcess process) {
		this.process = process;
	}

	@GetMapping("/slow")
	Slept slow(@RequestParam(required = false) @Nullable String ms) throws InterruptedException {
		int length = MS.parse(ms);
		Thread.sleep(length);
		return new Slept(this.process.pid(), length);
	}

	record Slept(long pid, int ms) {

	}

}
