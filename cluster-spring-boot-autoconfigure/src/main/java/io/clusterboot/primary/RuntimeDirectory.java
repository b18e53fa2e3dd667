package io.clusterboot.primary;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The directory of the primary's UNIX socket, which nobody but this user can enter.
 */
final class RuntimeDirectory implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(RuntimeDirectory.class);

	/**
	 * Longest path of a UNIX socket on macOS, less its final zero; Linux allows 4 more.
	 */
	private static final int MAX_PATH = 103;

	private static final String SOCKET = "primary.sock";

	private final Path directory;

	private RuntimeDirectory(Path directory) {
		this.directory = directory;
	}

	static RuntimeDirectory create() {
		Path parent = Path.of(System.getProperty("java.io.tmpdir"));
		String prefix = "clusterboot-" + ProcessHandle.current().pid() + "-";
		try {
			RuntimeDirectory directory = create(parent, prefix);
			if (directory.socket().toString().getBytes(Charset.defaultCharset()).length <= MAX_PATH) {
				return directory;
			}
			directory.close();
			return create(Path.of("/tmp"), prefix);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot create a directory for the cluster's socket in " + parent
					+ ": point java.io.tmpdir to a directory that can be written to", ex);
		}
	}

	private static RuntimeDirectory create(Path parent, String prefix) throws IOException {
		return new RuntimeDirectory(Files.createTempDirectory(parent, prefix,
				PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))));
	}

	Path socket() {
		return this.directory.resolve(SOCKET);
	}

	@Override
	public void close() {
		try {
			Files.deleteIfExists(socket());
			Files.deleteIfExists(this.directory);
		}
		catch (IOException ex) {
			logger.debug("Cannot remove " + this.directory, ex);
		}
	}

}
