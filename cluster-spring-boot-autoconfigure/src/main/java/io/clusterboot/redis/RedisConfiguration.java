package io.clusterboot.redis;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.RedisEndpoint;

/**
 * What Redis is told at its start. It is written to its standard input: a command line
 * can be seen by all users of the machine.
 *
 * @param endpoint where it listens
 * @param directory where it writes
 * @param settings what the user wants
 */
record RedisConfiguration(RedisEndpoint endpoint, Path directory, ClusterProperties.Redis.Embedded settings) {

	static final String PID_FILE = "redis.pid";

	String text() {
		List<String> lines = new ArrayList<>();
		lines.add("bind " + RedisEndpoint.HOST);
		lines.add("port " + this.endpoint.port());
		lines.add("requirepass " + this.endpoint.password());
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
