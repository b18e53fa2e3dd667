package io.clusterboot.node;

import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.state.RedisSharedState;
import io.clusterboot.state.UnreadableValueException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Has nodes reload one after the other. What is to be done is written in Redis, and the
 * leader of each node looks at it again and again. A leader is replaced in the middle of
 * its node's reload, so nothing that matters is in its memory, and whose turn it is
 * belongs to the node and not to a thread.
 */
final class ReloadTurns {

	private static final Log logger = LogFactory.getLog(ReloadTurns.class);

	private final String self;

	private final boolean acceptCommands;

	private final Entry<NodesReload> reloads;

	private final Entry<Turn> turns;

	private final Supplier<ReloadDescription> reload;

	/**
	 * Create turns.
	 * @param self this node
	 * @param acceptCommands whether this node reloads because Redis says so
	 * @param state what the nodes share
	 * @param reload begins a reload of this node
	 */
	ReloadTurns(String self, boolean acceptCommands, RedisSharedState state, Supplier<ReloadDescription> reload) {
		this.self = self;
		this.acceptCommands = acceptCommands;
		this.reloads = new Entry<>(state, "io.clusterboot.reload", NodesReload.class);
		this.turns = new Entry<>(state, "io.clusterboot.reload.turn", Turn.class);
		this.reload = reload;
	}

	/**
	 * Whose turn it is.
	 *
	 * @param node the node
	 * @param reload id of its own reload, or {@code null} before that has begun
	 */
	record Turn(String node, @Nullable Integer reload) {

		Turn {
			Objects.requireNonNull(node);
		}

	}

	/**
	 * The reload under way, or the last one.
	 * @throws UnreadableValueException if this version does not understand all of it
	 */
	@Nullable NodesReload current() throws UnreadableValueException {
		return this.reloads.getExact();
	}

	/**
	 * Have all nodes reload.
	 * @param nodes the nodes
	 * @return what has begun, or {@code null} if another one is under way
	 * @throws UnreadableValueException if nobody knows what is under way
	 */
	@Nullable NodesReload request(List<String> nodes) throws UnreadableValueException {
		NodesReload last = current();
		if (last != null && !last.isOver()) {
			return null;
		}
		NodesReload next = NodesReload.of(UUID.randomUUID().toString(), nodes);
		return this.reloads.compareAndSet(last, next) ? next : null;
	}

	/**
	 * See whether there is something to do. For the leader of a node.
	 * @param alive the nodes that live
	 * @param own the reload of this node that is under way, or the last one
	 * @throws UnreadableValueException if this version does not understand what is to be
	 * done
	 */
	void tick(List<String> alive, ReloadDescription own) throws UnreadableValueException {
		Turn turn = this.turns.getExact();
		if (turn != null) {
			continueTurn(turn, alive, own);
			return;
		}
		NodesReload current = current();
		if (current == null || current.isOver()) {
			return;
		}
		String next = current.pending().get(0);
		if (next.equals(this.self)) {
			if (!this.acceptCommands) {
				refuse();
			}
			else if (this.turns.compareAndSet(null, new Turn(this.self, null))) {
				begin(new Turn(this.self, null));
			}
		}
		else if (!alive.contains(next)) {
			change((reload) -> reload.withGone(next));
		}
	}

	private void continueTurn(Turn turn, List<String> alive, ReloadDescription own) throws UnreadableValueException {
		if (!turn.node().equals(this.self)) {
			if (!alive.contains(turn.node())) {
				logger.warn("Node %s has gone while it was reloaded".formatted(Names.printable(turn.node())));
				change((reload) -> reload.withGone(turn.node()));
				this.turns.compareAndSet(turn, null);
			}
		}
		else if (turn.reload() == null) {
			if (this.acceptCommands) {
				begin(turn);
			}
			else {
				refuse();
				this.turns.compareAndSet(turn, null);
			}
		}
		else if (isOver(turn.reload(), own)) {
			boolean done = own.state() == ReloadDescription.State.DONE;
			change((reload) -> done ? reload.withDone(this.self) : reload.withFailed(this.self));
			this.turns.compareAndSet(turn, null);
		}
	}

	/**
	 * To begin twice does no harm: the second reload is the first one, or one more.
	 */
	private void begin(Turn turn) {
		ReloadDescription begun = this.reload.get();
		logger.info("It is this node's turn to reload (reload %s)".formatted(begun.id()));
		this.turns.compareAndSet(turn, new Turn(this.self, begun.id()));
	}

	/**
	 * The others go on.
	 */
	private void refuse() throws UnreadableValueException {
		logger.warn("This node leaves out its turn to reload: "
				+ "it takes no commands from other nodes (cluster.nodes.accept-commands)");
		change((reload) -> reload.withRefused(this.self));
	}

	private static boolean isOver(int reload, ReloadDescription own) {
		return own.id() != null && own.id() >= reload && switch (own.state()) {
			case DONE, FAILED, ABORTED -> true;
			default -> false;
		};
	}

	private void change(UnaryOperator<NodesReload> change) throws UnreadableValueException {
		NodesReload before;
		do {
			before = current();
		}
		while (before != null && !before.isOver() && !this.reloads.compareAndSet(before, change.apply(before)));
	}

}
