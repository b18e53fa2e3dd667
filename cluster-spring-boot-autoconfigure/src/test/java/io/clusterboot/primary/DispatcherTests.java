package io.clusterboot.primary;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import io.clusterboot.balancing.IncomingConnection;
import io.clusterboot.ClusterProperties;
import io.clusterboot.balancing.LoadBalancing;
import io.clusterboot.balancing.WorkerCandidate;
import io.clusterboot.balancing.WorkerSelector;
import io.clusterboot.protocol.Busyness;
import io.clusterboot.protocol.ClusterDescription.HandOverDescription;
import io.clusterboot.protocol.Descriptors;
import io.clusterboot.protocol.FromPrimary;
import io.clusterboot.protocol.FromWorker;
import io.clusterboot.protocol.KeptConnection;
import io.clusterboot.protocol.ListenAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Dispatcher}, with files in place of connections.
 */
class DispatcherTests {

	private static final ListenAddress ADDRESS = new ListenAddress("*", 8080, 0);

	private static final KeptConnection KEPT = new KeptConnection("127.0.0.1", 42, 1000);

	private static final ListenAddress OTHER = new ListenAddress("*", 8081, 0);

	@TempDir
	private Path directory;

	private final Map<Integer, Worker> workers = new TreeMap<>();

	private long now = 1_000_000;

	private Dispatcher dispatcher = dispatcher(LoadBalancing.selector("round-robin"));

	private int connections;

	private Dispatcher dispatcher(WorkerSelector selector) {
		return new Dispatcher(selector, new Rebalancer(new ClusterProperties.Rebalance(true, 50)), () -> this.now);
	}

	private void pass(Duration time) {
		this.now += time.toNanos();
		this.dispatcher.tick();
	}

	private Worker join(int id) {
		Worker worker = new Worker(id);
		this.workers.put(id, worker);
		this.dispatcher.joined(id, id - 1, worker);
		worker.gate(ADDRESS, true);
		return worker;
	}

	private FileDescriptor descriptor() throws IOException {
		Path file = Files.createFile(this.directory.resolve("connection" + this.connections++));
		try (FileInputStream in = new FileInputStream(file.toFile())) {
			return Descriptors.duplicate(in.getFD());
		}
	}

	private FileDescriptor connect() throws IOException {
		FileDescriptor descriptor = descriptor();
		this.dispatcher.accepted(ADDRESS, descriptor, InetAddress.getLoopbackAddress());
		return descriptor;
	}

	@Test
	void connectionsGoToOneWorkerAfterTheOther() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		for (int i = 0; i < 4; i++) {
			FileDescriptor connection = connect();
			Worker receiver = (i % 2 == 0) ? first : second;
			receiver.takes();
			assertThat(connection.valid()).as("the primary's copy is closed").isFalse();
		}
	}

	@Test
	void aWorkerHasOneUntilItAnswers() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		connect();
		FileDescriptor third = connect();
		connect();
		connect();
		assertThat(first.passed).hasSize(1);
		assertThat(second.passed).hasSize(1);
		assertThat(third.valid()).isTrue();
		second.takes();
		assertThat(second.passed).hasSize(1);
		second.takes();
		assertThat(second.passed).hasSize(1);
		assertThat(first.passed).as("stands still").hasSize(1);
	}

	@Test
	void whatNobodyHasTakenYetWaits() throws Exception {
		Worker first = join(1);
		connect();
		connect();
		connect();
		assertThat(this.dispatcher.waiting()).isEqualTo(3);
		first.takes();
		assertThat(this.dispatcher.waiting()).isEqualTo(2);
		first.takes();
		first.takes();
		assertThat(this.dispatcher.waiting()).isZero();
	}

	@Test
	void whatOneDeclinesTheNextOneGets() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		FileDescriptor connection = connect();
		first.declines();
		assertThat(connection.valid()).isTrue();
		second.declines();
		assertThat(first.passed).isEmpty();
		this.dispatcher.tick();
		assertThat(first.passed.size() + second.passed.size()).isEqualTo(1);
	}

	@Test
	void whatADeadWorkerHasNotAnsweredAnotherOneGets() throws Exception {
		Worker first = join(1);
		FileDescriptor connection = connect();
		assertThat(first.passed).hasSize(1);
		Worker second = join(2);
		this.dispatcher.gone(1);
		second.takes();
		assertThat(connection.valid()).isFalse();
	}

	@Test
	void connectionsWaitForAWorkerThatTakesThem() throws Exception {
		Worker worker = join(1);
		worker.gate(ADDRESS, false);
		worker.gate(OTHER, true);
		connect();
		assertThat(worker.passed).isEmpty();
		worker.gate(ADDRESS, true);
		worker.takes();
	}

	@Test
	void aWorkerThatCannotBeReachedIsPassedNothing() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		first.reachable = false;
		connect();
		second.takes();
		connect();
		second.takes();
	}

	@Test
	void anAnswerToAnythingElseIsIgnored() throws Exception {
		Worker first = join(1);
		FileDescriptor connection = connect();
		this.dispatcher.received(1, new FromWorker.ConnectionTaken(4711, Busyness.NONE), List.of());
		assertThat(connection.valid()).isTrue();
		first.takes();
	}

	@Test
	void noConnectionIsLostToASelector() throws Exception {
		List<WorkerSelector> bad = List.of((candidates, connection) -> {
			throw new IllegalStateException("bad");
		}, (candidates, connection) -> {
			throw new AssertionError("worse");
		}, (candidates, connection) -> sneak(new IOException("not declared")), new Moody(),
				(candidates, connection) -> null, (candidates, connection) -> new WorkerCandidate(99, 0, 0, 0, 0));
		for (WorkerSelector selector : bad) {
			this.dispatcher = dispatcher(selector);
			Worker first = join(1);
			Worker second = join(2);
			connect();
			first.takes();
			connect();
			second.takes();
		}
	}

	@Test
	void onlyWhatASelectorFailsForGoesToOneAfterTheOther() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		this.dispatcher = dispatcher((candidates, connection) -> {
			if (calls.incrementAndGet() % 10 == 0) {
				throw new IllegalStateException("every tenth time");
			}
			return candidates.get(candidates.size() - 1);
		});
		Worker first = join(1);
		Worker last = join(2);
		for (int i = 1; i <= 40; i++) {
			connect();
			(i == 10 || i == 30 ? first : last).takes();
		}
	}

	/**
	 * The busy one gets a connection only while the other one has not answered.
	 */
	@Test
	void whoIsBusyIsPassedNothingAsLongAsAnotherOneAnswers() throws Exception {
		for (String strategy : List.of("least-connections", "least-load")) {
			this.dispatcher = dispatcher(LoadBalancing.selector(strategy));
			Worker idle = join(1);
			Worker busy = join(2);
			busy.says(new Busyness(4, 4, 0));
			for (int i = 0; i < 20; i++) {
				connect();
				idle.takes(new Busyness(i % 3, i % 3, 0));
			}
			assertThat(busy.passed).isEmpty();
			connect();
			connect();
			busy.takes();
			idle.takes();
		}
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> WorkerCandidate sneak(Throwable failure) throws T {
		throw (T) failure;
	}

	@Test
	void connectionsAtOneAddressDoNotKeepThoseAtAnotherOneWaiting() throws Exception {
		Worker worker = join(1);
		worker.gate(OTHER, true);
		for (int i = 0; i < 200; i++) {
			connect();
		}
		assertThat(this.dispatcher.awaitTaker(ADDRESS, Duration.ofMillis(1))).isFalse();
		worker.gate(ADDRESS, false);
		worker.declines();
		assertThat(this.dispatcher.awaitTaker(OTHER, Duration.ofMillis(1))).isTrue();
	}

	/**
	 * Two workers join.
	 * @return the one that has been passed a connection, as it is all of its client's
	 */
	private Worker joinWithOwner() throws IOException {
		Worker first = join(1);
		Worker second = join(2);
		connect();
		return first.passed.isEmpty() ? second : first;
	}

	@Test
	void aStickyConnectionDoesNotWaitForAWorkerThatStandsStill() throws Exception {
		this.dispatcher = dispatcher(LoadBalancing.selector("ip-hash"));
		Worker own = joinWithOwner();
		Worker other = this.workers.get(3 - own.id);
		connect();
		pass(Duration.ofSeconds(1));
		assertThat(other.passed).as("it may still answer").isEmpty();
		pass(Duration.ofNanos(1));
		other.takes();
		connect();
		other.takes();
		own.takes();
		connect();
		assertThat(other.passed).isEmpty();
		own.takes();
	}

	@Test
	void aStickyConnectionWaitsForItsWorkerUntilThatIsGone() throws Exception {
		this.dispatcher = dispatcher(LoadBalancing.selector("ip-hash"));
		Worker own = joinWithOwner();
		Worker other = this.workers.get(3 - own.id);
		connect();
		assertThat(other.passed).isEmpty();
		own.takes();
		assertThat(own.passed).as("the next one").hasSize(1);
		connect();
		this.dispatcher.gone(own.id);
		other.takes();
		other.takes();
	}

	@Test
	void selectorsKnowWhatWorkersSayAndWhatTheyHaveBeenPassedSince() throws Exception {
		List<String> seen = new ArrayList<>();
		this.dispatcher = dispatcher((candidates, connection) -> {
			seen.add(candidates.stream()
				.map((candidate) -> "%d/%d/%.1f".formatted(candidate.connections(), candidate.activeRequests(),
						candidate.reportedLoad()))
				.collect(Collectors.joining(" ")));
			assertThat(connection).isEqualTo(new IncomingConnection(InetAddress.getLoopbackAddress()));
			return candidates.get(0);
		});
		Worker first = join(1);
		join(2);
		first.says(new Busyness(5, 2, 0.5));
		connect();
		first.says(new Busyness(6, 3, 0.5));
		first.takes();
		connect();
		first.declines();
		connect();
		assertThat(seen).containsExactly("5/2/0.5 0/0/0.0", "7/3/0.5 0/0/0.0", "0/0/0.0", "7/3/0.5");
		assertThat(this.dispatcher.busyness(1)).as("what is shown is what they know")
			.isEqualTo(new Busyness(8, 3, 0.5));
		assertThat(this.dispatcher.busyness(2)).as("has said nothing").isNull();
	}

	@Test
	void whatAWorkerHandsOverAnotherOneTakes() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		first.takesOver(true);
		second.takesOver(true);
		FileDescriptor connection = first.handsOver(7);
		assertThat(first.passed).as("not to itself").isEmpty();
		assertThat(second.kept).isEqualTo(KEPT);
		assertThat(first.answers).as("before it is taken").isEmpty();
		second.takes();
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(7, true));
		assertThat(connection.valid()).isFalse();
		assertThat(this.dispatcher.handOvers()).isEqualTo(new HandOverDescription(1, 0));
	}

	@Test
	void whatNobodyTakesOverComesBackAtOnce() throws Exception {
		Worker first = join(1);
		join(2);
		FileDescriptor connection = first.handsOver(7);
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(7, false));
		assertThat(connection.valid()).isFalse();
		assertThat(this.dispatcher.handOvers()).isEqualTo(new HandOverDescription(0, 1));
	}

	@Test
	void whatThePrimaryHasNoRoomForComesBackAtOnce() {
		Worker first = join(1);
		Worker second = join(2);
		second.takesOver(true);
		first.says(new FromWorker.HandOver(7, ADDRESS, KEPT));
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(7, false));
		assertThat(second.passed).isEmpty();
		assertThat(this.dispatcher.handOvers()).isEqualTo(new HandOverDescription(0, 1));
	}

	@Test
	void whatAllDeclineToTakeOverComesBack() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		Worker third = join(3);
		second.takesOver(true);
		third.takesOver(true);
		FileDescriptor connection = first.handsOver(7);
		second.declines();
		assertThat(first.answers).isEmpty();
		third.declines();
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(7, false));
		assertThat(connection.valid()).isFalse();
	}

	@Test
	void whatIsHandedOverWaitsForAWorkerThatHasNotAnswered() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		second.takesOver(true);
		first.handsOver(7);
		first.handsOver(8);
		assertThat(first.answers).isEmpty();
		second.takes();
		second.takes();
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(7, true),
				new FromPrimary.HandedOver(8, true));
	}

	@Test
	void whatADeadWorkerHasNotTakenOverComesBack() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		second.takesOver(true);
		first.handsOver(7);
		this.dispatcher.gone(2);
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(7, false));
	}

	@Test
	void whatADeadWorkerHasHandedOverIsNotLost() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		second.takesOver(true);
		first.handsOver(7);
		FileDescriptor waiting = first.handsOver(8);
		this.dispatcher.gone(1);
		second.takes();
		second.declines();
		assertThat(waiting.valid()).isTrue();
		this.dispatcher.tick();
		second.takes();
		assertThat(waiting.valid()).isFalse();
	}

	@Test
	void aWorkerThatTakesNewConnectionsOnlyIsHandedNoneOver() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		second.takesOver(true);
		second.takesOver(false);
		first.handsOver(7);
		assertThat(second.passed).isEmpty();
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(7, false));
	}

	@Test
	void aWorkerWithTooManyConnectionsHandsSomeToTheEmptiest() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		Worker third = join(3);
		for (Worker worker : List.of(first, second, third)) {
			worker.takesOver(true);
		}
		this.dispatcher.counted(1, 20);
		this.dispatcher.counted(2, 7);
		this.dispatcher.counted(3, 3);
		this.dispatcher.rebalance();
		assertThat(first.rebalanced).isEqualTo(new FromPrimary.Rebalance(10, 10));
		assertThat(second.rebalanced).isNull();
		for (int i = 0; i < 4; i++) {
			first.handsOver(i);
			third.takes(new Busyness(3 + i, 0, 0));
		}
		first.handsOver(4);
		assertThat(second.passed.size() + third.passed.size()).isEqualTo(1);
	}

	@Test
	void whatIsToBeSpreadWaitsForTheEmptiest() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		Worker third = join(3);
		for (Worker worker : List.of(first, second, third)) {
			worker.takesOver(true);
		}
		this.dispatcher.counted(1, 20);
		this.dispatcher.counted(2, 19);
		this.dispatcher.counted(3, 0);
		for (int i = 0; i < 5; i++) {
			first.handsOver(i);
		}
		for (int i = 0; i < 5; i++) {
			third.takes(new Busyness(i, 0, 0));
		}
		assertThat(second.passed).isEmpty();
		assertThat(first.answers).hasSize(5).allMatch(FromPrimary.HandedOver::taken);
	}

	/**
	 * It may have taken the connection without this having been heard.
	 */
	@Test
	void whatAWorkerHasThatCannotBeReachedNobodyElseGetsWhileItLives() throws Exception {
		Worker first = join(1);
		FileDescriptor connection = connect();
		assertThat(first.passed).hasSize(1);
		Worker second = join(2);
		this.dispatcher.unreachable(1);
		assertThat(second.passed).isEmpty();
		this.dispatcher.gone(1);
		second.takes();
		assertThat(connection.valid()).isFalse();
	}

	@Test
	void nothingComesBackToAWorkerThatCannotBeReached() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		second.takesOver(true);
		first.handsOver(6);
		FileDescriptor waiting = first.handsOver(7);
		first.reachable = false;
		this.dispatcher.unreachable(1);
		second.takes();
		second.declines();
		assertThat(waiting.valid()).isTrue();
		this.dispatcher.tick();
		second.takes();
		assertThat(waiting.valid()).isFalse();
	}

	@Test
	void nothingIsSpreadWhileAWorkerIsSilent() {
		Worker first = join(1);
		Worker second = join(2);
		first.takesOver(true);
		second.takesOver(true);
		this.dispatcher.counted(1, 20);
		this.dispatcher.rebalance();
		assertThat(first.rebalanced).isNull();
		this.dispatcher.counted(2, 0);
		this.dispatcher.rebalance();
		assertThat(first.rebalanced).isEqualTo(new FromPrimary.Rebalance(10, 10));
	}

	@Test
	void whatIsOnlyToBeSpreadDoesNotWaitForAWorkerThatStandsStill() throws Exception {
		Worker first = join(1);
		Worker second = join(2);
		first.takesOver(true);
		second.takesOver(true);
		first.handsOver(7);
		first.handsOver(8);
		pass(Duration.ofMillis(200));
		assertThat(first.answers).as("it may still answer").isEmpty();
		pass(Duration.ofNanos(1));
		assertThat(first.answers).containsExactly(new FromPrimary.HandedOver(8, false));
		second.takes();
		assertThat(first.answers).contains(new FromPrimary.HandedOver(7, true));
	}

	@Test
	void stickyConnectionsStayWhereTheyAre() {
		this.dispatcher = dispatcher(LoadBalancing.selector("ip-hash"));
		Worker first = join(1);
		Worker second = join(2);
		first.takesOver(true);
		second.takesOver(true);
		this.dispatcher.counted(1, 20);
		this.dispatcher.rebalance();
		assertThat(first.rebalanced).isNull();
	}

	/**
	 * Does not even say whether it is sticky.
	 */
	private static final class Moody implements WorkerSelector {

		@Override
		public WorkerCandidate select(List<WorkerCandidate> candidates, IncomingConnection connection) {
			throw new StackOverflowError();
		}

		@Override
		public boolean isSticky() {
			throw new IllegalStateException("worst");
		}

	}

	/**
	 * The worker at the other end.
	 */
	private final class Worker implements HandleRegistry.Peer {

		private final List<Long> passed = new ArrayList<>();

		private final int id;

		private final List<FromPrimary.HandedOver> answers = new ArrayList<>();

		private KeptConnection kept;

		private FromPrimary.@Nullable Rebalance rebalanced;

		private boolean reachable = true;

		private Busyness busyness = Busyness.NONE;

		private Worker(int id) {
			this.id = id;
		}

		@Override
		public boolean send(FromPrimary message, FileDescriptor... descriptors) {
			if (this.reachable && message instanceof FromPrimary.Connection connection) {
				assertThat(descriptors).hasSize(1).allMatch(FileDescriptor::valid);
				this.passed.add(connection.number());
				this.kept = connection.kept();
			}
			else if (message instanceof FromPrimary.Rebalance rebalance) {
				this.rebalanced = rebalance;
			}
			else if (message instanceof FromPrimary.HandedOver answer) {
				this.answers.add(answer);
			}
			return this.reachable;
		}

		private void gate(ListenAddress address, boolean open) {
			says(new FromWorker.Gate(address, open));
		}

		private void says(Busyness busyness) {
			this.busyness = busyness;
			says(new FromWorker.Busy(busyness));
		}

		private void takes() {
			assertThat(this.passed).as("passed to worker %d", this.id).hasSize(1);
			says(new FromWorker.ConnectionTaken(this.passed.remove(0), this.busyness));
		}

		private void takes(Busyness busyness) {
			this.busyness = busyness;
			takes();
		}

		private void declines() {
			assertThat(this.passed).as("passed to worker %d", this.id).hasSize(1);
			says(new FromWorker.ConnectionDeclined(this.passed.remove(0)));
		}

		private void takesOver(boolean open) {
			says(new FromWorker.TakesOver(ADDRESS, open));
		}

		private FileDescriptor handsOver(long exchange) throws IOException {
			FileDescriptor connection = descriptor();
			says(new FromWorker.HandOver(exchange, ADDRESS, KEPT), connection);
			return connection;
		}

		private void says(FromWorker.Dispatching message, FileDescriptor... descriptors) {
			DispatcherTests.this.dispatcher.received(this.id, message, List.of(descriptors));
		}

	}

}
