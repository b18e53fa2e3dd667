package io.clusterboot.node;

import java.net.InetAddress;
import java.net.UnknownHostException;

import io.clusterboot.protocol.WorkerIdentity;

/**
 * Which node this is: all workers of one primary say the same.
 *
 * @param id name that no other node has
 * @param host name of the machine
 */
public record NodeIdentity(String id, String host) {

	/**
	 * The node of this process. The primary's directory is its own on the machine, and
	 * has a random name.
	 * @param worker who this process is
	 * @return the identity
	 */
	public static NodeIdentity of(WorkerIdentity worker) {
		String host = hostName();
		return new NodeIdentity(host + ":" + Integer.toHexString(worker.directory().toString().hashCode()), host);
	}

	private static String hostName() {
		try {
			return InetAddress.getLocalHost().getHostName();
		}
		catch (UnknownHostException ex) {
			return "localhost";
		}
	}

}
