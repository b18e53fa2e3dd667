package io.clusterboot.balancing;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link LoadBalancing} and its selectors.
 */
class LoadBalancingTests {

	private static final IncomingConnection ANY = new IncomingConnection(null);

	private static WorkerCandidate worker(int index, int connections, int activeRequests) {
		return new WorkerCandidate(index + 1, index, connections, activeRequests, 0);
	}

	private static List<WorkerCandidate> idle(int count) {
		return IntStream.range(0, count).mapToObj((index) -> worker(index, 0, 0)).toList();
	}

	private static IncomingConnection from(int client) throws UnknownHostException {
		return new IncomingConnection(InetAddress
			.getByAddress(new byte[] { 10, (byte) (client >> 16), (byte) (client >> 8), (byte) client }));
	}

	@Test
	void roundRobinGoesOnBehindWhoIsMissing() {
		WorkerSelector selector = LoadBalancing.selector("round-robin");
		List<WorkerCandidate> all = idle(3);
		assertThat(selector.select(all, ANY).index()).isZero();
		assertThat(selector.select(List.of(all.get(0), all.get(2)), ANY).index()).isEqualTo(2);
		assertThat(selector.select(all, ANY).index()).isZero();
		assertThat(selector.select(all, ANY).index()).isEqualTo(1);
	}

	@Test
	void leastConnectionsTakesTheFewestAndTakesTurnsAmongEquals() {
		WorkerSelector selector = LoadBalancing.selector("least-connections");
		assertThat(selector.select(List.of(worker(0, 3, 0), worker(1, 2, 9), worker(2, 4, 0)), ANY).index())
			.isEqualTo(1);
		List<WorkerCandidate> equal = List.of(worker(0, 2, 0), worker(1, 2, 0), worker(2, 5, 0));
		assertThat(List.of(selector.select(equal, ANY).index(), selector.select(equal, ANY).index()))
			.containsExactlyInAnyOrder(0, 1);
	}

	@Test
	void leastConnectionsOfManyNeverTakesTheFullest() {
		WorkerSelector selector = new LeastConnectionsSelector(new Random(1));
		List<WorkerCandidate> many = IntStream.range(0, 20).mapToObj((index) -> worker(index, index, 0)).toList();
		for (int i = 0; i < 1000; i++) {
			assertThat(selector.select(many, ANY).index()).isLessThan(19);
		}
	}

	@Test
	void leastLoadLooksAtRequestsBeforeConnections() {
		WorkerSelector selector = LoadBalancing.selector("least-load");
		assertThat(selector.select(List.of(worker(0, 1, 3), worker(1, 9, 2), worker(2, 8, 2)), ANY).index())
			.isEqualTo(2);
	}

	@Test
	void leastLoadBelievesTheApplicationFirst() {
		WorkerSelector selector = LoadBalancing.selector("least-load");
		WorkerCandidate loaded = new WorkerCandidate(1, 0, 0, 0, 2.5);
		WorkerCandidate busy = new WorkerCandidate(2, 1, 9, 9, 1);
		assertThat(selector.select(List.of(loaded, busy), ANY)).isEqualTo(busy);
	}

	@Test
	void aLoadIsANumber() {
		ClusterLoad load = new ClusterLoad();
		assertThat(load.reported()).isZero();
		load.report(0.5);
		for (double wrong : new double[] { -1, Double.NaN, Double.POSITIVE_INFINITY }) {
			assertThatIllegalArgumentException().isThrownBy(() -> load.report(wrong))
				.withMessageContaining("at least 0");
		}
		assertThat(load.reported()).isEqualTo(0.5);
	}

	@Test
	void ipHashKeepsClientsAndMovesOnlyThoseOfAWorkerThatLeaves() throws Exception {
		WorkerSelector selector = LoadBalancing.selector("ip-hash");
		List<WorkerCandidate> all = idle(5);
		List<WorkerCandidate> fewer = all.stream().filter((candidate) -> candidate.index() != 2).toList();
		Map<Integer, Integer> clients = new HashMap<>();
		for (int client = 0; client < 10_000; client++) {
			int index = selector.select(all, from(client)).index();
			clients.merge(index, 1, Integer::sum);
			assertThat(selector.select(all, from(client)).index()).isEqualTo(index);
			if (index != 2) {
				assertThat(selector.select(fewer, from(client)).index()).isEqualTo(index);
			}
		}
		// the same ones each time, so this is no matter of chance
		assertThat(clients.values()).hasSize(5).allMatch((count) -> count > 1800 && count < 2200);
	}

	@Test
	void aClassOfTheUsersIsCreated() {
		assertThat(LoadBalancing.selector("own-selector")).isInstanceOf(Own.class);
		assertThat(LoadBalancing.selector(Own.class.getName())).isInstanceOf(Own.class);
	}

	@ParameterizedTest
	@ValueSource(strings = { "roundrobin", "com.example.Missing", "java.lang.String", "java.lang.Runnable" })
	void whatIsNoSelectorIsExplained(String value) {
		assertThatIllegalArgumentException().isThrownBy(() -> LoadBalancing.selector(value))
			.withMessageContainingAll("cluster.load-balancing", "least-connections", "'" + value + "'");
	}

	/**
	 * A selector of an application.
	 */
	public static final class Own implements WorkerSelector {

		@Override
		public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
			return candidates.get(candidates.size() - 1);
		}

	}

}
