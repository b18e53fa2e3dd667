package io.clusterboot.protocol;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;

import org.newsclub.net.unix.FileDescriptorCast;

/**
 * Owns the two things that may be done with a descriptor that crosses processes.
 */
public final class Descriptors {

	private Descriptors() {
	}

	/**
	 * Duplicate a descriptor: both lead to the same socket and are closed separately.
	 * @param descriptor the descriptor, which stays open
	 * @return the duplicate, which the caller has to close
	 * @throws IOException if the process has no descriptors left
	 */
	public static FileDescriptor duplicate(FileDescriptor descriptor) throws IOException {
		return FileDescriptorCast.duplicating(descriptor).getFileDescriptor();
	}

	/**
	 * Close this process's descriptor and nothing more. A socket class would call
	 * {@code shutdown(2)} first, which ends the connection for all processes that share
	 * it.
	 * @param descriptor the descriptor; one that is closed already is ignored
	 */
	public static void close(FileDescriptor descriptor) {
		if (!descriptor.valid()) {
			return;
		}
		try {
			new FileOutputStream(descriptor).close();
		}
		catch (IOException ex) {
			// close(2) has released the descriptor even when it reports an error
		}
	}

}
