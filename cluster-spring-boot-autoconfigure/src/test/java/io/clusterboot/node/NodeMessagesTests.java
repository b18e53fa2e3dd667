package io.clusterboot.node;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.clusterboot.ClusterProperties;
import io.clusterboot.messaging.BeanMethods;
import io.clusterboot.messaging.ClusterMessage;
import io.clusterboot.messaging.ClusterMessageListener;
import io.clusterboot.messaging.MessageListeners;
import io.clusterboot.messaging.Payloads;
import io.clusterboot.redis.TestConnections;
import io.clusterboot.redis.TestRedis;
import io.clusterboot.state.RedisSharedState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link NodeMessages} with a real Redis that others write to, too.
 */
@DisabledOnOs(OS.WINDOWS)
class NodeMessagesTests {

	private static final String CHANNEL = "messages";

	private static final DataSize LARGEST = DataSize.ofKilobytes(1);

	private final Ears ears = new Ears();

	@Test
	void whatNoNodeHasSentIsDroppedAndTheNextMessageIsHeard() {
		try (TestRedis redis = TestRedis.start(Duration.ZERO)) {
			LettuceConnectionFactory connections = TestConnections.to(redis);
			try (RedisSharedState state = new RedisSharedState(connections, false, JsonMapper.builder().build(), "shop",
					new ClusterProperties.State(Duration.ofMinutes(1), Duration.ofMinutes(3)))) {
				NodeMessages own = messages("own", state);
				own.listen();
				for (String junk : List.of("no JSON", "null", "[]", "{}", packet("forged\\n2026 ERROR"),
						packet("x".repeat(Names.MOST + 1)), packet("other") + " ".repeat(20_000))) {
					state.publish(CHANNEL, junk.getBytes(StandardCharsets.UTF_8));
				}
				NodeMessages other = messages("other", state);
				other.broadcast(3, "topic", "\"hello\"".getBytes(StandardCharsets.UTF_8));
				await().until(() -> !this.ears.heard.isEmpty());
				assertThat(this.ears.heard).containsExactly("hello from other");
				assertThatIllegalArgumentException().isThrownBy(() -> other.broadcast(3, "x".repeat(1001), new byte[0]))
					.withMessageContaining("1000");
				own.close();
				other.close();
			}
			finally {
				connections.destroy();
			}
		}
	}

	private static String packet(String node) {
		return "{\"node\":\"%s\",\"worker\":1,\"topic\":\"topic\",\"payload\":\"%s\"}".formatted(node,
				Base64.getEncoder().encodeToString("\"junk\"".getBytes(StandardCharsets.UTF_8)));
	}

	private NodeMessages messages(String node, RedisSharedState state) {
		DefaultListableBeanFactory beans = new DefaultListableBeanFactory();
		beans.registerSingleton("ears", this.ears);
		MessageListeners listeners = new MessageListeners(new Payloads(JsonMapper.builder().build(), LARGEST.toBytes()),
				new BeanMethods<>(beans, ClusterMessageListener.class));
		return new NodeMessages(new NodeIdentity(node, "here"), state, listeners, LARGEST);
	}

	static class Ears {

		private final List<String> heard = new CopyOnWriteArrayList<>();

		@ClusterMessageListener(topic = "topic")
		void hear(String text, ClusterMessage message) {
			this.heard.add("%s from %s".formatted(text, message.node()));
		}

	}

}
