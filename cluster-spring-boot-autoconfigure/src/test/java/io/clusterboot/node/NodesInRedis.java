package io.clusterboot.node;

import java.time.Duration;

import io.clusterboot.ClusterProperties;
import io.clusterboot.redis.TestConnections;
import io.clusterboot.redis.TestRedis;
import io.clusterboot.state.RedisSharedState;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * A real Redis for the tests of a class, empty before each of them: as nodes see it, and
 * as others do who write to it, too.
 */
@DisabledOnOs(OS.WINDOWS)
abstract class NodesInRedis {

	static RedisSharedState state;

	static StringRedisTemplate template;

	private static TestRedis redis;

	private static LettuceConnectionFactory connections;

	@BeforeAll
	static void start() {
		redis = TestRedis.start(Duration.ZERO);
		connections = TestConnections.to(redis);
		state = new RedisSharedState(connections, false, JsonMapper.builder().build(), "shop",
				new ClusterProperties.State(Duration.ofMinutes(1), Duration.ofMinutes(3)));
		template = new StringRedisTemplate(connections);
	}

	@AfterAll
	static void stop() {
		if (redis != null) {
			state.close();
			connections.destroy();
			redis.close();
		}
	}

	@BeforeEach
	void deleteAll() {
		template.delete(template.keys("*"));
	}

}
