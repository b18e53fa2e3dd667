package io.clusterboot.launch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;

import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * A copy of code sources in the making. Files keep their path, at first below a directory
 * that stands for the root of the file system: relative references between them stay
 * right, as do the paths in a class data archive, which may only differ in how they
 * begin. What all of them have in common is then left out. Symbolic links are followed.
 */
final class BuildCopy {

	private static final int HASH_DIGITS = 12;

	private static final int CHUNK = 256 * 1024;

	/** What a file takes at least. */
	private static final int BLOCK = 4096;

	private final Path target;

	private final DataSize maxSize;

	private final BooleanSupplier cancelled;

	private final byte[] buffer = new byte[CHUNK];

	/** What was added, and the file that this really was. */
	private final Map<Path, @Nullable Path> sources = new LinkedHashMap<>();

	/** Added files, which nobody may have written to in the meantime. */
	private final Map<Path, BasicFileAttributes> files = new LinkedHashMap<>();

	/** Hashes of all that was copied. */
	private final Map<Path, byte[]> hashes = new TreeMap<>();

	private long size;

	/**
	 * Create an empty copy.
	 * @param target the directory to fill, beside which nothing else is copied
	 * @param maxSize size that the copy must not exceed
	 * @param cancelled whether to give up
	 */
	BuildCopy(Path target, DataSize maxSize, BooleanSupplier cancelled) {
		this.target = target;
		this.maxSize = maxSize;
		this.cancelled = cancelled;
	}

	/**
	 * Add the jar that is launched.
	 * @param jar the jar
	 * @throws IOException if it cannot be copied or is no jar
	 */
	void addLaunchedJar(Path jar) throws IOException {
		if (!Files.isRegularFile(jar)) {
			throw new NoSuchFileException(jar.toString());
		}
		add(jar, true);
	}

	/**
	 * Add a jar with what its manifest refers to, a directory with all that it contains,
	 * or a file that is missing and stays so.
	 * @param source the file
	 * @throws IOException if it cannot be copied
	 */
	void add(Path source) throws IOException {
		add(source, false);
	}

	/**
	 * Add the jars of a directory.
	 * @param directory the directory
	 * @throws IOException if they cannot be copied
	 */
	void addJarsIn(Path directory) throws IOException {
		if (!Files.isDirectory(directory)) {
			add(directory);
			return;
		}
		Path absolute = absolute(directory);
		createDirectory(absolute);
		this.sources.putIfAbsent(absolute.resolve("*"), null);
		try (DirectoryStream<Path> jars = Files.newDirectoryStream(directory, "*.{jar,JAR}")) {
			for (Path jar : jars) {
				add(jar);
			}
		}
	}

	private void add(Path source, boolean launched) throws IOException {
		Path path = absolute(source);
		boolean exists = Files.exists(source);
		Path real = (exists) ? source.toRealPath() : null;
		if (this.sources.containsKey(path)) {
			Path other = this.sources.get(path);
			if (other != null && !other.equals(real)) {
				throw new UnstageableException("%s and %s have the same path".formatted(other, real));
			}
			return;
		}
		this.sources.put(path, real);
		if (Files.isDirectory(source)) {
			Files.walkFileTree(source, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE,
					new DirectoryCopy(source, path));
		}
		else if (Files.isRegularFile(source)) {
			BasicFileAttributes attributes = Files.readAttributes(source, BasicFileAttributes.class);
			this.files.put(source, attributes);
			copyFile(source, path, attributes);
			for (Path referred : references(source, path, launched)) {
				add(referred);
			}
		}
	}

	private static Path absolute(Path source) throws IOException {
		Path path = source.toAbsolutePath().normalize();
		if (path.getParent() == null) {
			throw new UnstageableException(path + " is on the class path");
		}
		return path;
	}

	/**
	 * What the manifest refers to by a relative path. It is read from the copy, since the
	 * source may change under the reader.
	 */
	private List<Path> references(Path source, Path path, boolean launched) throws IOException {
		List<Path> references = new ArrayList<>();
		if (!launched && !path.toString().toLowerCase(Locale.ROOT).endsWith(".jar")) {
			return references;
		}
		try (JarFile jar = new JarFile(inTarget(path).toFile(), false)) {
			Manifest manifest = jar.getManifest();
			String classPath = (manifest != null) ? manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH)
					: null;
			for (String reference : (classPath != null) ? classPath.trim().split("\\s+") : new String[0]) {
				Path referred = resolve(source, reference);
				if (referred != null) {
					references.add(referred);
				}
			}
		}
		catch (IOException ex) {
			// a JVM leaves out what is no jar, unless it is to launch it
			if (launched) {
				throw new IOException("%s is no jar, or not complete: %s".formatted(source, ex.getMessage()), ex);
			}
		}
		return references;
	}

	private static @Nullable Path resolve(Path jar, String reference) {
		try {
			URI uri = new URI(reference);
			if (uri.isAbsolute() || reference.isEmpty() || reference.startsWith("/")) {
				return null;
			}
			return Path.of(jar.toAbsolutePath().toUri().resolve(uri));
		}
		catch (URISyntaxException | IllegalArgumentException ex) {
			// nor does the JVM know what this refers to
			return null;
		}
	}

	private void copyFile(Path source, Path path, BasicFileAttributes attributes) throws IOException {
		Path copy = inTarget(path);
		if (this.hashes.containsKey(path)) {
			// on the class path once more, by itself
			return;
		}
		createDirectory(parent(path));
		MessageDigest digest = sha256();
		String permissions = (Files.isExecutable(source)) ? "r-x------" : "r--------";
		try (InputStream in = Files.newInputStream(source);
				OutputStream out = Channels.newOutputStream(
						Files.newByteChannel(copy, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
								PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))))) {
			int length;
			long copied = 0;
			while ((length = in.read(this.buffer)) >= 0) {
				copied += length;
				check(this.size + copied);
				digest.update(this.buffer, 0, length);
				out.write(this.buffer, 0, length);
			}
			this.size += Math.max(BLOCK, copied);
			check(this.size);
		}
		Files.setLastModifiedTime(copy, attributes.lastModifiedTime());
		this.hashes.put(path, digest.digest());
	}

	private void check(long size) throws IOException {
		if (size > this.maxSize.toBytes()) {
			throw new UnstageableException(
					"it is larger than cluster.staging.max-size (%d MB)".formatted(this.maxSize.toMegabytes()));
		}
		if (this.cancelled.getAsBoolean()) {
			throw new IOException("The cluster stops");
		}
	}

	private void createDirectory(Path path) throws IOException {
		Files.createDirectories(inTarget(path));
	}

	private Path inTarget(Path path) {
		return this.target.resolve(path.getRoot().relativize(path).toString());
	}

	/**
	 * Complete the copy.
	 * @return the copy
	 * @throws IOException if a file has changed while it was copied
	 */
	Complete complete() throws IOException {
		for (Map.Entry<Path, BasicFileAttributes> file : this.files.entrySet()) {
			BasicFileAttributes before = file.getValue();
			BasicFileAttributes now = Files.readAttributes(file.getKey(), BasicFileAttributes.class);
			if (now.size() != before.size() || !now.lastModifiedTime().equals(before.lastModifiedTime())) {
				throw new IOException("%s changed while it was copied: is it complete?".formatted(file.getKey()));
			}
		}
		Path common = commonDirectory();
		createDirectory(common);
		return new Complete(hash(common), inTarget(common), common);
	}

	private Path commonDirectory() {
		return this.sources.keySet()
			.stream()
			.map(BuildCopy::parent)
			.reduce(BuildCopy::commonDirectory)
			.orElseThrow(() -> new IllegalStateException("Nothing has been added"));
	}

	private static Path commonDirectory(Path one, Path other) {
		Path common = one;
		while (!other.startsWith(common)) {
			common = parent(common);
		}
		return common;
	}

	/**
	 * The parent; the root of the file system has been refused.
	 */
	private static Path parent(Path path) {
		return Objects.requireNonNull(path.getParent());
	}

	private String hash(Path common) {
		MessageDigest digest = sha256();
		this.hashes.forEach((path, hash) -> {
			digest.update(common.relativize(path).toString().getBytes(StandardCharsets.UTF_8));
			digest.update((byte) 0);
			digest.update(hash);
		});
		return HexFormat.of().formatHex(digest.digest()).substring(0, HASH_DIGITS);
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A copy that does not change any more.
	 *
	 * @param hash what it contains, independent of where it came from
	 * @param directory the directory that contains it
	 * @param original the directory that it is a copy of
	 */
	record Complete(String hash, Path directory, Path original) {

		/**
		 * Where a source is.
		 * @param moved the directory to which {@link #directory()} has been moved
		 * @param source the source
		 * @return its place in the copy
		 */
		Path relocate(Path moved, Path source) {
			return moved.resolve(this.original.relativize(source.toAbsolutePath().normalize()).toString());
		}

	}

	private final class DirectoryCopy extends SimpleFileVisitor<Path> {

		private final Path source;

		private final Path path;

		private DirectoryCopy(Path source, Path path) {
			this.source = source;
			this.path = path;
		}

		@Override
		public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
			if (Files.isSameFile(directory, BuildCopy.this.target.getParent())) {
				return FileVisitResult.SKIP_SUBTREE;
			}
			createDirectory(pathOf(directory));
			return FileVisitResult.CONTINUE;
		}

		@Override
		public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
			// to read from a pipe could take forever
			if (attributes.isRegularFile()) {
				try {
					copyFile(file, pathOf(file), attributes);
				}
				catch (NoSuchFileException ex) {
					return visitFileFailed(file, ex);
				}
			}
			return FileVisitResult.CONTINUE;
		}

		@Override
		public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
			if (failure instanceof NoSuchFileException || failure instanceof FileSystemLoopException) {
				return FileVisitResult.CONTINUE;
			}
			throw failure;
		}

		@Override
		public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure) throws IOException {
			if (failure != null) {
				throw failure;
			}
			Files.setLastModifiedTime(inTarget(pathOf(directory)), Files.getLastModifiedTime(directory));
			return FileVisitResult.CONTINUE;
		}

		private Path pathOf(Path file) {
			return this.path.resolve(this.source.relativize(file).toString());
		}

	}

}
