package io.clusterboot.worker.tomcat;

import java.lang.reflect.Field;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11Processor;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ReflectionUtils;

/**
 * The processors of a protocol, for the requests that they are working on. Tomcat decides
 * when a request begins whether its connection is kept, so that one that is in flight
 * when a worker begins to drain would promise its client a connection that is about to
 * close.
 * <p>
 * The flag is volatile and is read when the response is committed. If this version of
 * Tomcat has none, such clients have the grace period for idle connections to find out.
 */
final class RequestsInFlight {

	private static final Log logger = LogFactory.getLog(RequestsInFlight.class);

	private static final @Nullable Field KEEP_ALIVE = keepAlive();

	/** Tomcat pools processors and forgets those that are too many. */
	private final Set<Processor> processors = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	void add(Processor processor) {
		this.processors.add(processor);
	}

	/**
	 * Have the responses that are not committed yet say {@code Connection: close}.
	 * Requests that begin later have to be seen to before.
	 */
	void closeConnections() {
		if (KEEP_ALIVE == null) {
			return;
		}
		synchronized (this.processors) {
			this.processors.forEach((processor) -> ReflectionUtils.setField(KEEP_ALIVE, processor, false));
		}
	}

	private static @Nullable Field keepAlive() {
		Field field = ReflectionUtils.findField(Http11Processor.class, "keepAlive", boolean.class);
		if (field == null) {
			logger.warn("This version of Tomcat does not let responses in flight say 'Connection: close'");
			return null;
		}
		ReflectionUtils.makeAccessible(field);
		return field;
	}

}
