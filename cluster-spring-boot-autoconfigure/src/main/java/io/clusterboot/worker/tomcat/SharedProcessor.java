package io.clusterboot.worker.tomcat;

import java.io.IOException;

import org.apache.coyote.Adapter;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * Reads HTTP/1.1 requests, and tells the connection when one has ended.
 */
final class SharedProcessor extends Http11Processor {

	SharedProcessor(AbstractHttp11Protocol<?> protocol, Adapter adapter) {
		super(protocol, adapter);
	}

	@Override
	public SocketState process(SocketWrapperBase<?> connection, SocketEvent event) throws IOException {
		SocketState state = super.process(connection, event);
		if (state == SocketState.OPEN && connection instanceof SharedConnection shared) {
			shared.requestEnded();
		}
		return state;
	}

}
