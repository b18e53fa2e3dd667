package io.clusterboot.node;

import java.time.Duration;
import java.util.List;

import io.clusterboot.protocol.ReloadDescription;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Nodes} with a real Redis that others write to, too.
 */
class NodesTests extends NodesInRedis {

	private static final String IDS = "shop:set:io.clusterboot.nodes";

	private static final String ENTRY = "shop:value:io.clusterboot.node.";

	private static final NodeDescription OWN = new NodeDescription("own", "here", 1, 1, 1, List.of("build"),
			ReloadDescription.State.IDLE, List.of(new NodeDescription.NodeWorker(1, 0, 2, "READY", null)));

	private final Nodes nodes = new Nodes(state, Duration.ofHours(1));

	@Test
	void nodesAreListedUntilTheyHaveGone() {
		this.nodes.tell(OWN, false);
		Nodes.Seen seen = this.nodes.all();
		assertThat(seen.nodes()).containsExactly(OWN);
		assertThat(seen.present()).containsExactly("own");
		assertThat(seen.unreadable()).isEmpty();
		template.delete(ENTRY + "own");
		assertThat(this.nodes.all()).isEqualTo(new Nodes.Seen(List.of(), List.of(), List.of()));
		assertThat(template.hasKey(IDS)).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "no JSON", "null", "{}", "[1]", "{\"id\":\"other\"}" })
	void whatIsNoNodeIsSkippedButPresent(String value) {
		this.nodes.tell(OWN, false);
		other(value);
		assertSkipsOther("no NodeDescription", "null");
	}

	@Test
	void aNodeOfANewerVersionIsListedAsFarAsItCanBeRead() {
		other("{\"added\":{},%s".formatted(description("other").substring(1)));
		assertThat(this.nodes.all().nodes()).singleElement().extracting(NodeDescription::id).isEqualTo("other");
		other(description("other").replace("IDLE", "STANDING_BY"));
		assertSkipsOther("no NodeDescription");
	}

	@Test
	void aNodeThatSaysItIsAnotherOneIsSkipped() {
		other(description("own"));
		assertSkipsOther("another name");
	}

	@Test
	void anEntryThatIsTooLargeIsSkipped() {
		other(description("other") + " ".repeat(Entry.MOST));
		assertSkipsOther("more than 262144 bytes");
	}

	@Test
	void anEntryOfAnotherTypeIsSkipped() {
		template.opsForSet().add(IDS, "other");
		template.opsForList().rightPush(ENTRY + "other", "1");
		assertSkipsOther("another type");
	}

	@Test
	void aNameThatIsNoneIsSkippedAndShownWithoutWhatForgesALine() {
		this.nodes.tell(OWN, false);
		template.opsForSet().add(IDS, "x\n2026-01-01 ERROR forged\u001b[2J\u2028", "y".repeat(10_000));
		Nodes.Seen seen = this.nodes.all();
		assertThat(seen.present()).containsExactly("own");
		assertThat(seen.unreadable()).extracting(UnreadableEntry::key)
			.allSatisfy((key) -> assertThat(key).hasSizeLessThan(500).matches("\\P{C}+"))
			.anySatisfy((key) -> assertThat(key).startsWith("x\\u{a}2026"));
	}

	@Test
	void namesThatAreNoSetAreSkipped() {
		template.opsForValue().set(IDS, "x");
		this.nodes.tell(OWN, false);
		assertThat(this.nodes.all().unreadable()).singleElement()
			.extracting(UnreadableEntry::reason)
			.asString()
			.contains("not a set");
	}

	@Test
	void whatIsSkippedIsNamedOnceForAsLongAsItIsThere() {
		UnreadableEntries entries = new UnreadableEntries();
		UnreadableEntry one = new UnreadableEntry("one", "reason");
		UnreadableEntry another = new UnreadableEntry("another", "reason");
		assertThat(entries.log(List.of(one))).containsExactly(one);
		assertThat(entries.log(List.of(one, another))).containsExactly(another);
		assertThat(entries.log(List.of(one, another))).isEmpty();
		assertThat(entries.log(List.of(another))).isEmpty();
		assertThat(entries.log(List.of(one, another))).containsExactly(one);
	}

	private static String description(String id) {
		return "{\"id\":\"%s\",\"host\":\"h\",\"primary\":1,\"configuredWorkers\":1,\"readyWorkers\":1,".formatted(id)
				+ "\"builds\":[],\"reload\":\"IDLE\",\"workers\":[]}";
	}

	private static void other(String value) {
		template.opsForSet().add(IDS, "other");
		template.opsForValue().set(ENTRY + "other", value);
	}

	private void assertSkipsOther(String... reasons) {
		Nodes.Seen seen = this.nodes.all();
		assertThat(seen.nodes()).isSubsetOf(OWN);
		assertThat(seen.present()).contains("other");
		assertThat(seen.unreadable()).singleElement().satisfies((entry) -> {
			assertThat(entry.key()).isEqualTo(ENTRY + "other");
			assertThat(reasons).anySatisfy((reason) -> assertThat(entry.reason()).contains(reason));
		});
	}

}
