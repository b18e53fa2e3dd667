package io.clusterboot.it;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The web servers that the workers of an application have started, and their ports, as
 * they have logged them.
 *
 * @param inEachWorker number of servers of one worker: one, or two with a management port
 * @param extraServer whether a further one starts behind the main server, where other
 * servers have another connector
 */
record LoggedServers(int inEachWorker, boolean extraServer) {

	private static final Pattern STARTED = Pattern
		.compile("(?:Tomcat|Jetty|Netty) started on ports? (.*?\\))(?: with context path|$)");

	private static final Pattern PORT = Pattern.compile("(\\d+) \\(");

	/**
	 * Wait for servers.
	 * @return one list of ports for each, in the order in which they were logged: a
	 * worker's main server comes before its management server
	 */
	List<List<Integer>> await(ProcessOutput output, int servers) {
		int extraServers = this.extraServer ? (servers + this.inEachWorker - 1) / this.inEachWorker : 0;
		List<List<Integer>> started = new ArrayList<>();
		for (MatchResult line : output.await(STARTED, servers + extraServers, Deadlines.EVENT)) {
			started.add(PORT.matcher(line.group(1)).results().map((port) -> Integer.valueOf(port.group(1))).toList());
		}
		for (int i = 0; i < extraServers; i++) {
			List<Integer> main = new ArrayList<>(started.get(i * this.inEachWorker));
			main.addAll(started.remove(i * this.inEachWorker + 1));
			started.set(i * this.inEachWorker, List.copyOf(main));
		}
		return started;
	}

}
