package io.clusterboot.demo;

import java.util.ArrayList;
import java.util.List;

import org.springframework.context.annotation.Profile;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Ways for a worker to die, to watch it being replaced.
 */
@RestController
@Profile("chaos")
class ChaosController {

	private static final int CHUNK = 1024 * 1024;

	@GetMapping("/crash")
	void crash() {
		// no shutdown hook runs, as after kill -9
		Runtime.getRuntime().halt(1);
	}

	@GetMapping("/oom")
	void exhaustMemory() {
		List<byte[]> hoard = new ArrayList<>();
		while (true) {
			hoard.add(new byte[CHUNK]);
		}
	}

}
