package io.clusterboot.node;

import java.util.ArrayList;
import java.util.List;

import io.clusterboot.protocol.ReloadDescription;
import io.clusterboot.protocol.ReloadDescription.State;
import io.clusterboot.state.UnreadableValueException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ReloadTurns} with a real Redis.
 */
class ReloadTurnsTests extends NodesInRedis {

	private static final List<String> BOTH = List.of("a", "b");

	private static final String RELOAD = "shop:value:io.clusterboot.reload";

	private static final String TURN = "shop:value:io.clusterboot.reload.turn";

	private final List<String> begun = new ArrayList<>();

	private final ReloadTurns a = turns("a");

	private final ReloadTurns b = turns("b");

	private ReloadTurns turns(String node) {
		return turns(node, true);
	}

	private ReloadTurns turns(String node, boolean acceptCommands) {
		return new ReloadTurns(node, acceptCommands, state, () -> {
			this.begun.add(node);
			return reload(7, State.ROLLING);
		});
	}

	private static ReloadDescription reload(@Nullable Integer id, State state) {
		return new ReloadDescription(id, state, null, 0, 0, 0, null, null, null, null);
	}

	private static final ReloadDescription IDLE = reload(null, State.IDLE);

	private static final ReloadDescription ROLLING = reload(7, State.ROLLING);

	private static final ReloadDescription DONE = reload(7, State.DONE);

	private NodesReload current() throws UnreadableValueException {
		NodesReload current = this.a.current();
		assertThat(current).isNotNull();
		return current;
	}

	@Test
	void nothingIsDoneUnlessItIsAskedFor() throws Exception {
		this.a.tick(BOTH, IDLE);
		assertThat(this.a.current()).isNull();
		assertThat(this.begun).isEmpty();
	}

	@Test
	void oneNodeReloadsAfterTheOther() throws Exception {
		assertThat(this.b.request(BOTH)).isNotNull();
		assertThat(this.a.request(BOTH)).as("another one").isNull();
		this.b.tick(BOTH, IDLE);
		assertThat(this.begun).as("not the turn of b").isEmpty();
		this.a.tick(BOTH, IDLE);
		this.a.tick(BOTH, ROLLING);
		this.b.tick(BOTH, IDLE);
		assertThat(this.begun).containsExactly("a");
		// another worker leads node a by now
		turns("a").tick(BOTH, DONE);
		assertThat(current().done()).containsExactly("a");
		this.a.tick(BOTH, DONE);
		this.b.tick(BOTH, DONE);
		assertThat(this.begun).containsExactly("a", "b");
		assertThat(current().isOver()).isFalse();
		this.b.tick(BOTH, DONE);
		assertThat(current().isOver()).isTrue();
		assertThat(current().done()).containsExactly("a", "b");
		assertThat(this.a.request(BOTH)).isNotNull();
	}

	@Test
	void aNodeThatFailsIsTheLastOne() throws Exception {
		this.a.request(BOTH);
		this.a.tick(BOTH, IDLE);
		this.a.tick(BOTH, reload(7, State.FAILED));
		this.b.tick(BOTH, IDLE);
		assertThat(this.begun).containsExactly("a");
		assertThat(current().failed()).isEqualTo("a");
		assertThat(current().isOver()).isTrue();
	}

	@Test
	void aNodeThatHasGoneIsPassedOver() throws Exception {
		this.a.request(List.of("0", "a", "b"));
		this.a.tick(BOTH, IDLE);
		assertThat(current().gone()).containsExactly("0");
		this.a.tick(BOTH, IDLE);
		// a dies in the middle
		this.b.tick(List.of("b"), IDLE);
		assertThat(current().gone()).containsExactly("0", "a");
		this.b.tick(List.of("b"), IDLE);
		this.b.tick(List.of("b"), DONE);
		assertThat(current().done()).containsExactly("b");
		assertThat(this.begun).containsExactly("a", "b");
	}

	@Test
	void aTurnWhoseLeaderDiedBeforeItBeganIsTakenUp() throws Exception {
		this.a.request(BOTH);
		ReloadTurns dying = new ReloadTurns("a", true, state, () -> {
			throw new IllegalStateException("on purpose");
		});
		assertThatIllegalStateException().isThrownBy(() -> dying.tick(BOTH, IDLE)).withMessage("on purpose");
		turns("a").tick(BOTH, IDLE);
		assertThat(this.begun).containsExactly("a");
	}

	@Test
	void aNodeThatTakesNoCommandsLeavesOutItsTurn() throws Exception {
		ReloadTurns readOnly = turns("a", false);
		this.b.request(BOTH);
		readOnly.tick(BOTH, IDLE);
		assertThat(current().refused()).containsExactly("a");
		this.b.tick(BOTH, IDLE);
		this.b.tick(BOTH, DONE);
		assertThat(current().done()).containsExactly("b");
		assertThat(this.begun).containsExactly("b");
	}

	@Test
	void aTurnThatSomebodyElseWritesReloadsNoNodeThatTakesNoCommands() throws Exception {
		write(TURN, "{\"node\":\"a\",\"reload\":null}");
		ReloadTurns readOnly = turns("a", false);
		readOnly.tick(BOTH, IDLE);
		readOnly.tick(BOTH, IDLE);
		assertThat(this.begun).isEmpty();
		assertThat(read(TURN)).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "no JSON", "null", "{}", "[]", "{\"id\":\"x\",\"pending\":[null]}",
			"{\"id\":\"x\",\"pending\":[\"a\"],\"done\":[],\"gone\":[],\"refused\":[],\"failed\":null,\"new\":1}" })
	void whatThisVersionDoesNotUnderstandIsNeitherDoneNorChanged(String json) {
		write(RELOAD, json);
		assertThatExceptionOfType(UnreadableValueException.class).isThrownBy(this.a::current);
		assertThatExceptionOfType(UnreadableValueException.class).isThrownBy(() -> this.a.tick(BOTH, IDLE));
		assertThatExceptionOfType(UnreadableValueException.class).isThrownBy(() -> this.a.request(BOTH));
		assertThat(this.begun).isEmpty();
		assertThat(read(RELOAD)).isEqualTo(json);
	}

	private static void write(String name, String json) {
		template.opsForValue().set(name, json);
	}

	private static @Nullable String read(String name) {
		return template.opsForValue().get(name);
	}

}
