package io.clusterboot.it.state;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

import io.clusterboot.state.SharedState;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Holds a lock, and writes the begin and the end of that to a file.
 */
@RestController
class LockController {

	private final SharedState state;

	private final Path file;

	LockController(SharedState state, @Value("${app.lock-file}") Path file) {
		this.state = state;
		this.file = file;
	}

	/**
	 * Holds the lock for a moment, or until a file appears.
	 * @param name name of the holder
	 * @param gate the file
	 */
	@GetMapping("/hold")
	long hold(@RequestParam String name, @RequestParam(required = false) Path gate) throws Exception {
		Lock lock = this.state.lock("hold");
		if (!lock.tryLock(5, TimeUnit.MINUTES)) {
			throw new IllegalStateException("The lock is not to be had");
		}
		String owner = ProcessHandle.current().pid() + " " + name;
		write("begin " + owner);
		try {
			do {
				Thread.sleep(20);
			}
			while (gate != null && Files.notExists(gate));
		}
		finally {
			write("end " + owner);
			lock.unlock();
		}
		return ProcessHandle.current().pid();
	}

	private void write(String line) throws IOException {
		try (FileOutputStream out = new FileOutputStream(this.file.toFile(), true)) {
			out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
		}
	}

}
