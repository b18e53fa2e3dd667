package io.clusterboot.worker.tomcat;

import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * The connections that an upgrade has made something else than HTTP, such as WebSockets.
 * Noted when it happens, since a connection cannot be asked at any time: while a thread
 * works on one, Tomcat takes away what would tell.
 */
final class Sessions {

	private final Set<SocketWrapperBase<?>> connections = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	void add(SocketWrapperBase<?> connection) {
		this.connections.add(connection);
	}

	int count() {
		return open().size();
	}

	/**
	 * Have all say goodbye, as a container does that stops. One that is worked on does so
	 * afterwards.
	 */
	void stop() {
		open().forEach((connection) -> connection.processSocket(SocketEvent.STOP, true));
	}

	private Set<SocketWrapperBase<?>> open() {
		this.connections.removeIf(SocketWrapperBase::isClosed);
		synchronized (this.connections) {
			return Set.copyOf(this.connections);
		}
	}

}
