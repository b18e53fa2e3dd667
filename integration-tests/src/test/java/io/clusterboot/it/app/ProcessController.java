package io.clusterboot.it.app;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.boot.ApplicationArguments;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Tells how this process was started, and writes to its log.
 */
@RestController
class ProcessController {

	private static final Log logger = LogFactory.getLog(ProcessController.class);

	private static final long PID = ProcessHandle.current().pid();

	private final ApplicationArguments arguments;

	ProcessController(ApplicationArguments arguments) {
		this.arguments = arguments;
	}

	@GetMapping("/process")
	Account process() {
		Properties properties = System.getProperties();
		return new Account(PID, List.of(this.arguments.getSourceArgs()),
				ManagementFactory.getRuntimeMXBean().getInputArguments(), System.getenv(),
				properties.stringPropertyNames()
					.stream()
					.collect(Collectors.toMap((name) -> name, properties::getProperty)));
	}

	/**
	 * Logs numbered lines that a reader can tell to be whole.
	 */
	@PostMapping("/log")
	String log(@RequestParam String name, @RequestParam int lines, @RequestParam int length) {
		for (int i = 0; i < lines; i++) {
			logger.info("BEGIN %s %d %d %s END".formatted(name, PID, i, "x".repeat(length)));
		}
		return Long.toString(PID);
	}

	record Account(long pid, List<String> arguments, List<String> options, Map<String, String> environment,
			Map<String, String> properties) {
	}

}
