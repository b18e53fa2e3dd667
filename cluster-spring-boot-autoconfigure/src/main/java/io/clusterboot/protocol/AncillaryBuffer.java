package io.clusterboot.protocol;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFSocket;
import org.newsclub.net.unix.AFSocketImpl;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * Where the kernel writes which descriptors a read has brought. If more were sent than
 * there is room for, junixsocket reports a failure and does not look at those that have
 * been installed in this process: they would stay open, and nobody would know them.
 * junixsocket has no public way to its buffer, so this uses reflection. Where that is not
 * possible, or a kernel writes in another way than Linux on 64 bits, nothing is found.
 */
final class AncillaryBuffer {

	private static final Log logger = LogFactory.getLog(AncillaryBuffer.class);

	/**
	 * Size in bytes. junixsocket takes neither a smaller nor a larger one, which holds 60
	 * descriptors.
	 */
	private static final int SIZE = 256;

	// struct cmsghdr

	private static final int LENGTH = 0;

	private static final int LEVEL = 8;

	private static final int TYPE = 12;

	private static final int DATA = 16;

	private static final int SOL_SOCKET = 1;

	private static final int SCM_RIGHTS = 1;

	private final @Nullable ByteBuffer buffer;

	private AncillaryBuffer(@Nullable ByteBuffer buffer) {
		this.buffer = buffer;
	}

	/**
	 * Let a socket receive descriptors.
	 * @param socket the socket
	 * @return its buffer
	 */
	static AncillaryBuffer of(AFUNIXSocket socket) {
		socket.setAncillaryReceiveBufferSize(SIZE);
		try {
			Object support = get(AFSocketImpl.class, "ancillaryDataSupport", get(AFSocket.class, "impl", socket));
			Object buffer = get(support.getClass(), "ancillaryReceiveBuffer", support);
			return new AncillaryBuffer(((ByteBuffer) buffer).duplicate().order(ByteOrder.nativeOrder()));
		}
		catch (ReflectiveOperationException | RuntimeException ex) {
			logger.debug("Descriptors that there was no room for cannot be found", ex);
			return new AncillaryBuffer(null);
		}
	}

	private static Object get(Class<?> type, String name, Object target) throws ReflectiveOperationException {
		Field field = type.getDeclaredField(name);
		field.setAccessible(true);
		return field.get(target);
	}

	/**
	 * Forget what an earlier read has brought, which has owners by now. To be called
	 * before each read: the kernel leaves the buffer as it is if it installs nothing.
	 */
	void clear() {
		if (this.buffer != null) {
			this.buffer.putLong(LENGTH, 0);
		}
	}

	/**
	 * Close what a read has brought that failed.
	 * @return number of descriptors
	 */
	int closeInstalled() {
		if (this.buffer == null) {
			return 0;
		}
		long length = this.buffer.getLong(LENGTH);
		if (length <= DATA || length > this.buffer.capacity() || this.buffer.getInt(LEVEL) != SOL_SOCKET
				|| this.buffer.getInt(TYPE) != SCM_RIGHTS) {
			return 0;
		}
		clear();
		int count = (int) (length - DATA) / Integer.BYTES;
		for (int i = 0; i < count; i++) {
			close(this.buffer.getInt(DATA + i * Integer.BYTES));
		}
		return count;
	}

	private static void close(int number) {
		try {
			Descriptors.close(FileDescriptorCast.unsafeUsing(number).getFileDescriptor());
		}
		catch (IOException ex) {
			logger.debug("A descriptor could not be closed", ex);
		}
	}

}
