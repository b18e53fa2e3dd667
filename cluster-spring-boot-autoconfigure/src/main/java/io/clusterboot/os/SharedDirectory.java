package io.clusterboot.os;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

/**
 * A temporary directory of several processes of one user, which whoever leaves last
 * removes. Each process holds a shared lock on a file in it for as long as it uses it,
 * and the operating system releases that lock when the process ends in any way: whoever
 * can have the lock exclusively knows that nobody is left.
 */
public final class SharedDirectory {

	private static final Log logger = LogFactory.getLog(SharedDirectory.class);

	private static final String LOCK_FILE = "in-use";

	private final Path path;

	private final boolean creator;

	/** Not to be opened twice: to close a file gives up all locks that a process has. */
	private final FileChannel file;

	private @Nullable FileLock lock;

	private SharedDirectory(Path path, boolean creator, FileChannel file, @Nullable FileLock lock) {
		this.path = path;
		this.creator = creator;
		this.file = file;
		this.lock = lock;
	}

	/**
	 * Create a directory that nobody but this user can enter, and use it.
	 * @param parent the directory to create it in
	 * @param prefix the beginning of its name
	 * @return the directory
	 * @throws IOException if it cannot be created
	 */
	public static SharedDirectory create(Path parent, String prefix) throws IOException {
		Path path = Files.createTempDirectory(parent, prefix,
				PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
		// it gets its name when it is locked, for nobody to find it unlocked
		Path unlocked = Files.createFile(path.resolve(LOCK_FILE + ".new"),
				PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
		FileChannel file = open(unlocked);
		FileLock lock = lock(file);
		if (lock != null) {
			Files.move(unlocked, path.resolve(LOCK_FILE), StandardCopyOption.ATOMIC_MOVE);
		}
		return new SharedDirectory(path, true, file, lock);
	}

	/**
	 * Use a directory that another process has created.
	 * @param path the directory
	 * @return the directory
	 * @throws IOException if it does not exist any more
	 */
	public static SharedDirectory join(Path path) throws IOException {
		FileChannel file = open(path.resolve(LOCK_FILE));
		return new SharedDirectory(path, false, file, lock(file));
	}

	private static FileChannel open(Path lockFile) throws IOException {
		return FileChannel.open(lockFile, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
	}

	/**
	 * Where files cannot be locked, the creator alone removes the directory.
	 */
	private static @Nullable FileLock lock(FileChannel file) {
		try {
			return file.lock(0, Long.MAX_VALUE, true);
		}
		catch (IOException | OverlappingFileLockException ex) {
			logger.debug("Cannot lock a temporary directory", ex);
			return null;
		}
	}

	/**
	 * Remove directories like this one that were left behind when all processes that used
	 * them were killed.
	 * @param prefix the beginning of their names
	 */
	public void removeUnusedSiblings(String prefix) {
		try (DirectoryStream<Path> siblings = Files.newDirectoryStream(this.path.getParent(),
				(sibling) -> sibling.getFileName().toString().startsWith(prefix))) {
			UserPrincipal owner = Files.getOwner(this.path);
			for (Path sibling : siblings) {
				if (!sibling.equals(this.path) && owner.equals(Files.getOwner(sibling, LinkOption.NOFOLLOW_LINKS))) {
					removeIfUnused(sibling);
				}
			}
		}
		catch (IOException | DirectoryIteratorException ex) {
			logger.debug("Cannot look for unused directories beside " + this.path, ex);
		}
	}

	private static void removeIfUnused(Path path) {
		if (!Files.isRegularFile(path.resolve(LOCK_FILE), LinkOption.NOFOLLOW_LINKS)) {
			return;
		}
		try (FileChannel file = open(path.resolve(LOCK_FILE))) {
			if (isUnused(file)) {
				logger.debug("Removing %s, which nobody uses any more".formatted(path));
				FileSystemUtils.deleteRecursively(path);
			}
		}
		catch (IOException ex) {
			logger.debug("Cannot remove " + path, ex);
		}
	}

	private static boolean isUnused(FileChannel file) throws IOException {
		try {
			return file.tryLock() != null;
		}
		catch (OverlappingFileLockException ex) {
			return false;
		}
	}

	/**
	 * The directory.
	 * @return its path
	 */
	public Path path() {
		return this.path;
	}

	/**
	 * Use the directory no longer, and remove it with all that it contains if nobody else
	 * does.
	 */
	public void leave() {
		try (this.file) {
			FileLock held = this.lock;
			this.lock = null;
			if (held != null) {
				held.release();
			}
			if ((held != null) ? isUnused(this.file) : this.creator) {
				FileSystemUtils.deleteRecursively(this.path);
			}
		}
		catch (IOException ex) {
			logger.debug("Cannot remove " + this.path, ex);
		}
	}

}
