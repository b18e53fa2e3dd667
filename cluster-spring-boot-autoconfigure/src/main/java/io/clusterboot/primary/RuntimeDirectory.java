package io.clusterboot.primary;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;

import io.clusterboot.os.SharedDirectory;
import org.jspecify.annotations.Nullable;

/**
 * The directory of the primary's UNIX socket and of the builds, which nobody but this
 * user can enter. It exists for as long as the primary or a worker does.
 */
final class RuntimeDirectory implements AutoCloseable {

	/**
	 * Longest path of a UNIX socket on macOS, less its final zero; Linux allows 4 more.
	 */
	private static final int MAX_PATH = 103;

	private static final String PREFIX = "clusterboot-";

	private static final String SOCKET = "primary.sock";

	private static final String BUILDS = "builds";

	private final SharedDirectory directory;

	private final @Nullable Path buildsParent;

	private @Nullable SharedDirectory buildsElsewhere;

	private RuntimeDirectory(SharedDirectory directory, @Nullable Path buildsParent) {
		this.directory = directory;
		this.buildsParent = buildsParent;
	}

	/**
	 * Create the directory, and remove what killed clusters of this user have left.
	 * @param buildsParent where the user wants the builds to be, if not in this directory
	 * @return the directory
	 * @throws UncheckedIOException if it cannot be created
	 */
	static RuntimeDirectory create(@Nullable File buildsParent) {
		Path parent = Path.of(System.getProperty("java.io.tmpdir"));
		try {
			SharedDirectory directory = create(parent);
			if (directory.path().resolve(SOCKET).toString().getBytes(Charset.defaultCharset()).length > MAX_PATH) {
				directory.leave();
				directory = create(Path.of("/tmp"));
			}
			directory.removeUnusedSiblings(PREFIX);
			return new RuntimeDirectory(directory, (buildsParent != null) ? buildsParent.toPath() : null);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot create a directory for the cluster's socket in " + parent
					+ ": point java.io.tmpdir to a directory that can be written to", ex);
		}
	}

	private static SharedDirectory create(Path parent) throws IOException {
		return SharedDirectory.create(parent, PREFIX + ProcessHandle.current().pid() + "-");
	}

	Path path() {
		return this.directory.path();
	}

	Path socket() {
		return this.directory.path().resolve(SOCKET);
	}

	/**
	 * The directory of the builds. If it is elsewhere, a link tells workers where.
	 * @return the directory, created if need be
	 * @throws IOException if it cannot be created
	 */
	synchronized Path builds() throws IOException {
		Path builds = this.directory.path().resolve(BUILDS);
		if (this.buildsParent == null) {
			return builds;
		}
		SharedDirectory elsewhere = this.buildsElsewhere;
		if (elsewhere == null) {
			elsewhere = create(Files.createDirectories(this.buildsParent).toRealPath());
			this.buildsElsewhere = elsewhere;
			Files.createSymbolicLink(builds, elsewhere.path());
			elsewhere.removeUnusedSiblings(PREFIX);
		}
		return elsewhere.path();
	}

	@Override
	public synchronized void close() {
		if (this.buildsElsewhere != null) {
			this.buildsElsewhere.leave();
		}
		this.directory.leave();
	}

}
