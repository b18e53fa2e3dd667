package io.clusterboot.it.app;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;

import io.clusterboot.task.ClusterTask;
import io.clusterboot.task.ClusterTaskExecutor;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Submits tasks, and runs them.
 */
@RestController
@RequestMapping("/tasks")
class TaskController {

	/** No test waits for it. */
	private static final Duration LONG = Duration.ofMinutes(5);

	private final ObjectProvider<ClusterTaskExecutor> executor;

	TaskController(ObjectProvider<ClusterTaskExecutor> executor) {
		this.executor = executor;
	}

	@GetMapping("/submit")
	String submit(@RequestParam String task, @RequestParam(required = false) String argument,
			@RequestParam(required = false) Long timeout) {
		return this.executor.getObject()
			.submit(task, argument, String.class, (timeout != null) ? Duration.ofMillis(timeout) : LONG)
			.join();
	}

	@GetMapping("/map")
	List<Long> map(@RequestParam int count) {
		return this.executor.getObject().map("square", IntStream.range(0, count).boxed().toList(), Long.class).join();
	}

	@GetMapping("/where")
	List<Long> where(@RequestParam int count) {
		return this.executor.getObject().map("where", IntStream.range(0, count).boxed().toList(), Long.class).join();
	}

	@GetMapping("/meet")
	List<Long> meet(@RequestParam List<String> files) {
		return this.executor.getObject()
			.map("meet", files.stream().map((file) -> new Meeting(file, files)).toList(), Long.class)
			.join();
	}

	@GetMapping("/batch")
	List<String> batch(@RequestParam List<String> files) {
		return this.executor.getObject().map("holdNew", files, String.class).join();
	}

	@GetMapping("/cancel")
	boolean cancel(@RequestParam Path file) throws InterruptedException {
		CompletableFuture<String> future = this.executor.getObject().submit("hold", file.toString(), String.class);
		FileGate.awaitFile(file, LONG);
		return future.cancel(true);
	}

	@ExceptionHandler(RuntimeException.class)
	ResponseEntity<String> failed(RuntimeException failure) {
		Throwable cause = (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause()
				: failure;
		return ResponseEntity.status(409).body(cause.getClass().getSimpleName() + ": " + cause.getMessage());
	}

	@ClusterTask(value = "square", idempotent = true)
	long square(long number) {
		return number * number;
	}

	@ClusterTask("where")
	long where() {
		return ProcessHandle.current().pid();
	}

	/**
	 * Ends when all that meet here have begun.
	 */
	@ClusterTask("meet")
	long meet(Meeting meeting) throws Exception {
		Files.createFile(Path.of(meeting.own()));
		for (String file : meeting.all()) {
			FileGate.awaitFile(Path.of(file), LONG);
		}
		return ProcessHandle.current().pid();
	}

	@ClusterTask("explode")
	String explode() {
		throw new IllegalStateException("boom");
	}

	/**
	 * Says in a file that it runs, and where, then runs until it is let go by another
	 * one, or interrupted, which it says in a third.
	 */
	@ClusterTask("hold")
	String hold(String file) throws Exception {
		return holdIn(Path.of(file));
	}

	/**
	 * As the other one. The second time it returns at once.
	 */
	@ClusterTask(value = "holdOnce", idempotent = true)
	String holdOnce(String file) throws Exception {
		return Files.exists(Path.of(file)) ? "again in " + ProcessHandle.current().pid() : holdIn(Path.of(file));
	}

	/**
	 * As the other one. The second time it fails, as soon as it is let.
	 */
	@ClusterTask("holdNew")
	String holdNew(String file) throws Exception {
		Path own = Path.of(file + ".own");
		try {
			Files.createFile(own);
		}
		catch (FileAlreadyExistsException ex) {
			FileGate.awaitFile(Path.of(file + ".fail"), LONG);
			throw new IllegalStateException("boom", ex);
		}
		return holdIn(Path.of(file));
	}

	private static String holdIn(Path file) throws Exception {
		Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
		Files.move(Files.writeString(temporary, Long.toString(ProcessHandle.current().pid())), file);
		try {
			FileGate.awaitFile(file.resolveSibling(file.getFileName() + ".end"), LONG);
		}
		catch (InterruptedException ex) {
			Files.createFile(file.resolveSibling(file.getFileName() + ".interrupted"));
			throw ex;
		}
		return "held";
	}

	/**
	 * Tasks that meet.
	 *
	 * @param own the file by which one of them says that it has begun
	 * @param all the files of all
	 */
	record Meeting(String own, List<String> all) {
	}

}
