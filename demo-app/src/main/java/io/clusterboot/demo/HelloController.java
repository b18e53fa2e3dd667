package io.clusterboot.demo;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Says which worker answered.
 */
@RestController
class HelloController {

	private final WorkerProcess process;

	HelloController(WorkerProcess process) {
		this.process = process;
	}

	@GetMapping(path = "/", produces = MediaType.TEXT_PLAIN_VALUE)
	String hello() {
		return "Hello from Worker " + this.process.pid();
	}

}
