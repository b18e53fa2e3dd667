package io.clusterboot.launch;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

import io.clusterboot.ClusterProperties;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

/**
 * Makes builds of what this process was launched from: immutable copies, one for each
 * different content, from which workers load their classes. Thus the originals can be
 * replaced, even in place, while JVMs run that have them open.
 * <p>
 * Thread-safe. A build is prepared by one thread at a time, which may take as long as
 * copying takes; {@link #retain(Collection)} does not wait for that.
 */
public final class Staging implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Staging.class);

	/** Time that a copy gets to notice that it is not wanted any more. */
	private static final Duration CANCELLATION = Duration.ofSeconds(2);

	/** First JDK whose archives work if only the beginnings of paths differ. */
	private static final int RELOCATABLE_ARCHIVES = 19;

	private final JavaCommand own;

	private final ClusterProperties properties;

	private final Location location;

	private final ReentrantLock preparing = new ReentrantLock();

	private final Map<String, Path> copies = new HashMap<>();

	private @Nullable String current;

	private @Nullable Boolean possible;

	private volatile boolean closed;

	private Staging(JavaCommand own, ClusterProperties properties, Location location) {
		this.own = own;
		this.properties = properties;
		this.location = location;
	}

	/**
	 * How this process makes builds.
	 * @param own how this process was started
	 * @param properties the cluster's configuration
	 * @param location where the copies go
	 * @return the staging
	 */
	public static Staging of(JavaCommand own, ClusterProperties properties, Location location) {
		return new Staging(own, properties, location);
	}

	/**
	 * Make a build of what is there now, with the environment file as it is now. If the
	 * very first one cannot be copied, a warning is logged, and this and all later builds
	 * are the original files.
	 * @return the build: a new one, or that of a former call if nothing has changed
	 * @throws IOException if what is there cannot be copied, although that was possible
	 * before, or if the environment file cannot be used
	 */
	public Build prepare() throws IOException {
		awaitTurn();
		try {
			ClusterProperties.Worker settings = settings();
			if (!this.properties.staging().enabled() || Boolean.FALSE.equals(this.possible)) {
				return original(settings);
			}
			Build build = (this.possible != null) ? copyAgain(settings) : copyFirst(settings);
			this.possible = build.id() != null;
			return build;
		}
		finally {
			this.preparing.unlock();
		}
	}

	/**
	 * On a file system that hangs the one before may never end.
	 */
	private void awaitTurn() throws IOException {
		Duration timeout = this.properties.startup().timeout();
		try {
			if (!this.preparing.tryLock(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
				throw new IOException("Copying the application for an earlier reload has not ended within %d ms"
					.formatted(timeout.toMillis()));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException("Interrupted while waiting to copy the application", ex);
		}
	}

	private ClusterProperties.Worker settings() throws EnvironmentFileException {
		ClusterProperties.Worker settings = this.properties.worker();
		File environment = settings.environmentFile();
		return (environment != null) ? settings.withEnvironmentDefaults(EnvironmentFile.read(environment.toPath()))
				: settings;
	}

	private Build original(ClusterProperties.Worker settings) {
		return new Build(null, WorkerCommand.of(this.own, settings));
	}

	private Build copyFirst(ClusterProperties.Worker settings) throws IOException {
		try {
			checkArchives(settings);
			return copy(settings);
		}
		catch (IOException ex) {
			if (this.closed) {
				throw ex;
			}
			logger.warn("Workers run from the original files, since there can be no private copy: %s. ".formatted(
					reason(ex)) + "Replace a jar by renaming another one while the cluster runs, never in place. "
					+ "cluster.staging.enabled=false says that this is known");
			return original(settings);
		}
	}

	private Build copyAgain(ClusterProperties.Worker settings) throws IOException {
		try {
			return copy(settings);
		}
		catch (IOException ex) {
			throw new IOException("There is no new build, since no private copy can be made: " + reason(ex), ex);
		}
	}

	/**
	 * JDKs name the file first and may say nothing else.
	 */
	private static String reason(IOException ex) {
		return (ex instanceof FileSystemException) ? ex.getClass().getSimpleName() + ": " + ex.getMessage()
				: String.valueOf(ex.getMessage());
	}

	private void checkArchives(ClusterProperties.Worker settings) throws UnstageableException {
		if (Runtime.version().feature() < RELOCATABLE_ARCHIVES && original(settings).command().isArchiveUsed()) {
			throw new UnstageableException("before JDK %d, -XX:SharedArchiveFile works with jars in their place only"
				.formatted(RELOCATABLE_ARCHIVES));
		}
	}

	private Build copy(ClusterProperties.Worker settings) throws IOException {
		CodeSources sources = sources(settings.environment());
		Path directory = Files.createDirectories(this.location.directory(),
				PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
		if (directory.toString().contains(File.pathSeparator)) {
			throw new UnstageableException("%s cannot be on a class path".formatted(directory));
		}
		Path temporary = Files.createTempDirectory(directory, "incomplete-");
		try {
			BuildCopy copy = new BuildCopy(temporary, this.properties.staging().maxSize(), () -> this.closed);
			sources.copyTo(copy);
			BuildCopy.Complete complete = copy.complete();
			Path published = publish(complete, directory.resolve(complete.hash()));
			return new Build(complete.hash(),
					WorkerCommand.of(sources.relocate((source) -> complete.relocate(published, source)), settings));
		}
		finally {
			delete(temporary);
		}
	}

	private CodeSources sources(Map<String, String> environment) {
		String launcherOptions = environment.get(OptionVariable.LAUNCHER);
		return new CodeSources(this.own,
				(launcherOptions != null) ? OptionString.split(launcherOptions)
						: this.own.environmentOptions().getOrDefault(OptionVariable.LAUNCHER, List.of()),
				environment.getOrDefault("CLASSPATH", System.getenv("CLASSPATH")));
	}

	private Path publish(BuildCopy.Complete copy, Path target) throws IOException {
		synchronized (this.copies) {
			if (this.closed) {
				throw new IOException("The cluster stops");
			}
			// what cleans temporary directories may have found it
			if (!this.copies.containsKey(copy.hash()) || !Files.isDirectory(target)) {
				Files.move(copy.directory(), target, StandardCopyOption.ATOMIC_MOVE);
				this.copies.put(copy.hash(), target);
			}
			this.current = copy.hash();
			return target;
		}
	}

	/**
	 * Delete the copies that nobody needs: those that are neither in use nor the last
	 * that was prepared.
	 * @param used the builds from which workers run or may still be started
	 */
	public void retain(Collection<Build> used) {
		Set<String> ids = used.stream().map(Build::id).filter(Objects::nonNull).collect(Collectors.toSet());
		synchronized (this.copies) {
			List<String> unused = new ArrayList<>(this.copies.keySet());
			unused.removeIf((id) -> ids.contains(id) || id.equals(this.current));
			unused.forEach((id) -> delete(this.copies.remove(id)));
		}
	}

	/**
	 * Delete all copies. A build that is being prepared is given up.
	 */
	@Override
	public void close() {
		this.closed = true;
		boolean idle = awaitCancellation();
		synchronized (this.copies) {
			this.copies.values().forEach(Staging::delete);
			this.copies.clear();
		}
		if (idle) {
			this.preparing.unlock();
		}
	}

	private boolean awaitCancellation() {
		try {
			return this.preparing.tryLock(CANCELLATION.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	private static void delete(@Nullable Path directory) {
		try {
			FileSystemUtils.deleteRecursively(directory);
		}
		catch (IOException ex) {
			logger.debug("Cannot remove " + directory, ex);
		}
	}

	/**
	 * Where copies go.
	 */
	@FunctionalInterface
	public interface Location {

		/**
		 * The directory, created if need be.
		 * @return a directory in which nobody else writes
		 * @throws IOException if there can be none
		 */
		Path directory() throws IOException;

	}

}
