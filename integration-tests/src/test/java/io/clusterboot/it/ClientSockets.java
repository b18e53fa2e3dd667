package io.clusterboot.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * Sockets that are connected to ports of this machine.
 */
final class ClientSockets {

	private ClientSockets() {
	}

	/**
	 * Connect.
	 * @param port the port
	 * @param timeout longest wait for the connection, and for each byte
	 */
	static Socket plain(int port, Duration timeout) throws IOException {
		Socket socket = new Socket();
		try {
			socket.setTcpNoDelay(true);
			socket.setSoTimeout(Math.toIntExact(timeout.toMillis()));
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
					Math.toIntExact(timeout.toMillis()));
			return socket;
		}
		catch (IOException ex) {
			socket.close();
			throw ex;
		}
	}

	/**
	 * Connect with TLS.
	 * @param port the port
	 * @param timeout longest wait for the connection, and for each byte
	 * @param context knows whom to trust
	 * @param protocol the one protocol that is offered
	 */
	static Socket tls(int port, Duration timeout, SSLContext context, String protocol) throws IOException {
		Socket plain = plain(port, timeout);
		try {
			SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", port, true);
			SSLParameters parameters = socket.getSSLParameters();
			parameters.setApplicationProtocols(new String[] { protocol });
			socket.setSSLParameters(parameters);
			socket.startHandshake();
			return socket;
		}
		catch (IOException ex) {
			plain.close();
			throw ex;
		}
	}

}
