package io.clusterboot.launch;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Tests for {@link BuildCopy} of a jar that somebody writes to in the meantime. It asks
 * between two chunks whether to give up, and what happens then happens to a file of which
 * one part has been copied.
 */
class BuildCopyTests {

	/** Three chunks. */
	private static final int SIZE = 700_000;

	@TempDir
	private Path directory;

	private Path jar;

	private Path target;

	private int chunks;

	@BeforeEach
	void createJar() throws IOException {
		this.jar = this.directory.resolve("app.jar");
		this.target = Files.createDirectories(this.directory.resolve("builds/incomplete"));
		byte[] content = new byte[SIZE];
		Arrays.fill(content, (byte) 'x');
		try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(this.jar))) {
			out.setLevel(0);
			out.putNextEntry(new JarEntry("content"));
			out.write(content);
		}
		Files.setLastModifiedTime(this.jar, FileTime.from(Instant.parse("2020-01-02T03:04:05Z")));
	}

	@Test
	void whatNobodyWritesToIsCopied() throws IOException {
		BuildCopy copy = copy(() -> {
		});
		copy.addLaunchedJar(this.jar);
		assertThat(copy.complete().directory().resolve("app.jar")).hasSameBinaryContentAs(this.jar);
		assertThat(this.chunks).isGreaterThan(2);
	}

	@Test
	void whatIsOverwrittenWithAsManyBytesIsRefused() throws IOException {
		BuildCopy copy = copy(() -> {
			try (RandomAccessFile file = new RandomAccessFile(this.jar.toFile(), "rw")) {
				file.write('y');
			}
		});
		copy.addLaunchedJar(this.jar);
		assertThatIOException().isThrownBy(copy::complete)
			.withMessage(this.jar + " changed while it was copied: is it complete?");
	}

	@Test
	void whatGrowsIsRefused() throws IOException {
		BuildCopy copy = copy(() -> {
			FileTime before = Files.getLastModifiedTime(this.jar);
			Files.write(this.jar, new byte[] { 'y' }, StandardOpenOption.APPEND);
			Files.setLastModifiedTime(this.jar, before);
		});
		copy.addLaunchedJar(this.jar);
		assertThatIOException().isThrownBy(copy::complete)
			.withMessage(this.jar + " changed while it was copied: is it complete?");
	}

	@Test
	void whatIsBeingWrittenAnewIsRefused() throws IOException {
		BuildCopy copy = copy(() -> {
			try (OutputStream out = Files.newOutputStream(this.jar)) {
				out.write('y');
			}
		});
		assertThatIOException().isThrownBy(() -> copy.addLaunchedJar(this.jar))
			.withMessageContaining(this.jar + " is no jar, or not complete");
	}

	@Test
	void nobodyWaitsForACopyThatIsNotWanted() {
		BuildCopy copy = new BuildCopy(this.target, DataSize.ofMegabytes(100), () -> {
			this.chunks++;
			return true;
		});
		assertThatIOException().isThrownBy(() -> copy.addLaunchedJar(this.jar)).withMessage("The cluster stops");
		assertThat(this.chunks).as("chunks until it notices").isOne();
	}

	private BuildCopy copy(Change change) {
		return new BuildCopy(this.target, DataSize.ofMegabytes(100), () -> {
			if (++this.chunks == 1) {
				try {
					change.make();
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			}
			return false;
		});
	}

	/**
	 * What happens after the first chunk.
	 */
	@FunctionalInterface
	private interface Change {

		void make() throws IOException;

	}

}
