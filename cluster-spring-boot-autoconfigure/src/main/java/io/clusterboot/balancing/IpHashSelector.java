package io.clusterboot.balancing;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The same client, the same index. Each index has a number for each client, and the
 * highest one gets it: when an index goes, only its clients move, and when it is back
 * they return.
 */
final class IpHashSelector implements WorkerSelector {

	@Override
	public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
		InetAddress client = connection.client();
		int hash = (client != null) ? Arrays.hashCode(client.getAddress()) : 0;
		return candidates.stream()
			.max(Comparator.comparingLong((candidate) -> weight(hash, candidate.index())))
			.orElseThrow();
	}

	@Override
	public boolean isSticky() {
		return true;
	}

	/**
	 * Mixes well, as the end of SplitMix64 does.
	 */
	private static long weight(int client, int index) {
		long z = ((long) client << 32 | index) + 0x9e3779b97f4a7c15L * (index + 1);
		z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
		z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
		return z ^ (z >>> 31);
	}

}
