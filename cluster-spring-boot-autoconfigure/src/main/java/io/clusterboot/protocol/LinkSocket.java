package io.clusterboot.protocol;

import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collection;
import java.util.List;

/**
 * The connected socket under a {@link Link}. One thread reads, one at a time writes, and
 * any thread closes it, which makes both fail.
 */
public sealed interface LinkSocket extends Closeable permits DescriptorSocket, PlainSocket {

	/**
	 * Where to read what the other side writes. If descriptors come that this process has
	 * no room for, the byte may be lost that they come with. It is the first one of a
	 * write, and has to be read alone.
	 * @return the stream
	 * @throws IOException if the socket is closed
	 */
	InputStream input() throws IOException;

	/**
	 * Take the descriptors that came along with what has been read, and that there was
	 * room for.
	 * @param received gets them, and owns them from then on
	 * @throws IOException if the socket is closed
	 */
	void takeDescriptors(Collection<FileDescriptor> received) throws IOException;

	/**
	 * How much the kernel takes for a peer that has read all and does not read any more.
	 * @return that many bytes or fewer
	 * @throws IOException if the socket is closed
	 */
	int sendBuffer() throws IOException;

	/**
	 * Whether the current thread may write, or only one that belongs to the link.
	 * @return whether it may
	 */
	boolean isWritable();

	/**
	 * Write all of something.
	 * @param bytes what to write
	 * @param descriptors what travels along, which stays open
	 * @throws IOException if that fails
	 */
	void write(byte[] bytes, List<FileDescriptor> descriptors) throws IOException;

}
