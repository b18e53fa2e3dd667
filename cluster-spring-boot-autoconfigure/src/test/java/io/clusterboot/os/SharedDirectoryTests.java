package io.clusterboot.os;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SharedDirectory}. Locks are between processes, so that other users of
 * a directory are processes.
 */
@DisabledOnOs(OS.WINDOWS)
class SharedDirectoryTests {

	@TempDir
	Path parent;

	@Test
	void onlyThisUserCanEnter() throws IOException {
		SharedDirectory directory = SharedDirectory.create(this.parent, "test-");
		assertThat(directory.path()).isDirectory().hasParent(this.parent);
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())))
			.isEqualTo("rwx------");
		directory.leave();
	}

	@Test
	void lastUserRemovesItWithAllItContains() throws Exception {
		SharedDirectory directory = SharedDirectory.create(this.parent, "test-");
		Path file = Files.createDirectories(directory.path().resolve("a/b")).resolve("c");
		Files.writeString(file, "text");
		file.toFile().setReadOnly();
		try (User user = User.join(directory.path())) {
			directory.leave();
			assertThat(file).exists();
			user.leave();
			assertThat(directory.path()).doesNotExist();
		}
	}

	@Test
	void userThatIsKilledIsNoUser() throws Exception {
		SharedDirectory directory = SharedDirectory.create(this.parent, "test-");
		try (User user = User.join(directory.path())) {
			user.kill();
			directory.leave();
			assertThat(directory.path()).doesNotExist();
		}
	}

	@Test
	void onlyWhatNobodyUsesIsRemovedFromBeside() throws Exception {
		Path unrelated = Files.createDirectory(this.parent.resolve("test-unrelated"));
		Path other = Files.createDirectory(this.parent.resolve("other"));
		Files.createFile(other.resolve("in-use"));
		try (User alive = User.create(this.parent); User killed = User.create(this.parent)) {
			killed.kill();
			SharedDirectory directory = SharedDirectory.create(this.parent, "test-");
			directory.removeUnusedSiblings("test-");
			assertThat(alive.directory()).exists();
			assertThat(killed.directory()).doesNotExist();
			assertThat(unrelated).exists();
			assertThat(other).exists();
			assertThat(directory.path()).exists();
			alive.leave();
			assertThat(alive.directory()).doesNotExist();
			try (User late = User.join(directory.path())) {
				directory.leave();
				assertThat(late.directory()).as("its lock has not been given up").exists();
			}
		}
	}

	@Test
	void linksAreRemovedAndNotFollowed() throws IOException {
		Path precious = Files.createFile(Files.createDirectory(this.parent.resolve("precious")).resolve("file"));
		SharedDirectory directory = SharedDirectory.create(this.parent, "test-");
		Files.createSymbolicLink(directory.path().resolve("link"), precious.getParent());
		directory.leave();
		assertThat(directory.path()).doesNotExist();
		assertThat(precious).exists();
	}

	@Test
	void whatIsGoneCannotBeUsed() {
		assertThatExceptionOfType(NoSuchFileException.class)
			.isThrownBy(() -> SharedDirectory.join(this.parent.resolve("gone")));
	}

	/**
	 * Another process that uses a directory.
	 */
	private static final class User implements AutoCloseable {

		private final Process process;

		private final Path directory;

		private User(String operation, Path path) throws IOException {
			String classPath = Stream.of(SharedDirectory.class, User.class, LogFactory.class, FileSystemUtils.class)
				.map((type) -> URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()))
				.map((location) -> new File(location).getPath())
				.distinct()
				.collect(Collectors.joining(File.pathSeparator));
			this.process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
					classPath, User.class.getName(), operation, path.toString())
				.redirectError(Redirect.INHERIT)
				.start();
			this.directory = Path
				.of(new BufferedReader(new InputStreamReader(this.process.getInputStream(), StandardCharsets.UTF_8))
					.readLine());
		}

		static User join(Path directory) throws IOException {
			return new User("join", directory);
		}

		static User create(Path parent) throws IOException {
			return new User("create", parent);
		}

		public static void main(String[] args) throws IOException {
			Path path = Path.of(args[1]);
			SharedDirectory directory = (args[0].equals("join")) ? SharedDirectory.join(path)
					: SharedDirectory.create(path, "test-");
			System.out.println(directory.path());
			if (System.in.read() >= 0) {
				directory.leave();
			}
		}

		Path directory() {
			return this.directory;
		}

		void leave() throws Exception {
			this.process.getOutputStream().write('\n');
			this.process.getOutputStream().close();
			assertThat(this.process.waitFor()).isZero();
		}

		void kill() throws InterruptedException {
			this.process.destroyForcibly().waitFor();
		}

		@Override
		public void close() {
			this.process.destroyForcibly();
		}

	}

}
