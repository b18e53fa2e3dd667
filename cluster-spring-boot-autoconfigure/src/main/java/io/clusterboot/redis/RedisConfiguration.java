package io.clusterboot.redis;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.ClusterProperties;

/**
 * What Redis is told at its start.
 *
 * @param socket the UNIX socket that it listens on
 * @param directory where it writes
 * @param settings what the user wants
 */
record RedisConfiguration(Path socket, Path directory, ClusterProperties.Redis.Embedded settings) {

	static final String PID_FILE = "redis.pid";

	/**
	 * Nobody needs a password who can enter the directory of the socket. What an
	 * application does with data is allowed, what changes the server or its files is not:
	 * whoever gets a command into Redis through an application gets no further. Names are
	 * those that every version from 6.2 on knows, which refuses to start otherwise.
	 */
	private static final String USER = "user default on nopass ~* &* +@all -@admin -@dangerous"
			// dangerous for being slow, or for what they delete or tell
			+ " +client +flushall +flushdb +info +keys +sort"
			// Spring Session looks whether there is something to set
			+ " +config|get";

	/** What Spring Session wants to be told: that a key has expired or was deleted. */
	private static final String EVENTS = "notify-keyspace-events gxE";

	String text() {
		List<String> lines = new ArrayList<>();
		lines.add("port 0");
		lines.add("unixsocket " + quote(this.socket));
		lines.add("unixsocketperm 600");
		lines.add(USER);
		lines.add(EVENTS);
		lines.add("dir " + quote(this.directory));
		lines.add("pidfile " + quote(this.directory.resolve(PID_FILE)));
		lines.add("maxmemory " + this.settings.maxMemory().toBytes());
		// locks and counters must not vanish for want of memory
		lines.add("maxmemory-policy noeviction");
		lines.add("save \"\"");
		lines.add("appendonly " + ((this.settings.dataDir() != null) ? "yes" : "no"));
		return String.join("\n", lines) + "\n";
	}

	private static String quote(Path path) {
		return '"' + path.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
	}

}
