package io.clusterboot.protocol;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

import io.clusterboot.PortSharing;
import org.jspecify.annotations.Nullable;

/**
 * Who a worker is. The primary gives it to the worker's JVM as system properties: unlike
 * environment variables they are not inherited by what the application starts itself, and
 * {@code ps} shows which worker a process is.
 *
 * @param id number that only grows; no two workers of a cluster share one
 * @param index place in the cluster, from 0; a replacement inherits it
 * @param seat smallest number from 1 that no living process of this cluster has; ports
 * and files that two processes cannot share are derived from it, which keeps their number
 * bounded while a worker and its replacement live side by side
 * @param generation number of reloads that came before this worker
 * @param socket the primary's UNIX socket
 * @param portSharing how the cluster shares ports, never {@link PortSharing#AUTO}
 */
public record WorkerIdentity(int id, int index, int seat, int generation, Path socket, PortSharing portSharing) {

	private static final String PREFIX = "io.clusterboot.worker.";

	/**
	 * The JVM options that give a process this identity.
	 * @return options of the form {@code -Dname=value}
	 */
	public List<String> toJvmOptions() {
		return List.of("-D" + PREFIX + "id=" + this.id, "-D" + PREFIX + "index=" + this.index,
				"-D" + PREFIX + "seat=" + this.seat, "-D" + PREFIX + "generation=" + this.generation,
				"-D" + PREFIX + "socket=" + this.socket, "-D" + PREFIX + "port-sharing=" + this.portSharing);
	}

	/**
	 * The primary's directory, which nobody but this user can enter.
	 * @return the directory
	 */
	public Path directory() {
		return Objects.requireNonNull(this.socket.getParent());
	}

	/**
	 * The name by which logs call this worker.
	 * @return {@code worker-} and the id
	 */
	public String name() {
		return "worker-" + this.id;
	}

	/**
	 * The identity of this process.
	 * @return the identity, or {@code null} if this process is not a worker
	 */
	public static @Nullable WorkerIdentity ofThisProcess() {
		String id = System.getProperty(PREFIX + "id");
		if (id == null) {
			return null;
		}
		return new WorkerIdentity(Integer.parseInt(id), number("index"), number("seat"), number("generation"),
				Path.of(System.getProperty(PREFIX + "socket")),
				PortSharing.valueOf(System.getProperty(PREFIX + "port-sharing")));
	}

	private static int number(String name) {
		return Integer.parseInt(System.getProperty(PREFIX + name));
	}

}
