package io.clusterboot.redis;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.ClusterDescription.RedisDescription;
import io.clusterboot.protocol.RedisEndpoint;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RedisServer}, with a real one.
 */
@DisabledOnOs(OS.WINDOWS)
class RedisServerTests {

	private static final Duration LIMIT = Duration.ofMinutes(3);

	@TempDir
	static Path programs;

	private static Path executable;

	private static RedisClient client;

	@TempDir
	private Path directory;

	@BeforeAll
	static void findProgram() {
		executable = TestRedis.program(programs);
		client = RedisClient.create();
	}

	@AfterAll
	static void shutDownClient() {
		if (client != null) {
			client.shutdown();
		}
	}

	private RedisServer server(@Nullable File dataDirectory) {
		return new RedisServer(new ClusterProperties.Redis.Embedded(dataDirectory, DataSize.ofMegabytes(16)),
				(failures) -> Duration.ZERO, this.directory);
	}

	private static RedisEndpoint provide(RedisServer server) throws Exception {
		return server.provide(executable).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
	}

	private static StatefulRedisConnection<String, String> connect(RedisEndpoint endpoint, String password) {
		return client.connect(RedisURI.builder()
			.withHost(RedisEndpoint.HOST)
			.withPort(endpoint.port())
			.withPassword(password)
			.build());
	}

	private static RedisDescription describe(RedisServer server) {
		RedisDescription description = server.describe();
		assertThat(description).isNotNull();
		return description;
	}

	private static ProcessHandle process(RedisServer server) {
		Long pid = describe(server).pid();
		assertThat(pid).isNotNull();
		return ProcessHandle.of(pid).orElseThrow();
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void runsWhenItIsAskedForAndEndsWhenItIsClosed(CapturedOutput output) throws Exception {
		ProcessHandle process;
		try (RedisServer server = server(null)) {
			assertThat(server.describe()).isNull();
			RedisEndpoint endpoint = provide(server);
			assertThat(provide(server)).isEqualTo(endpoint);
			process = process(server);
			assertThat(process.info().arguments()).hasValueSatisfying(
					(arguments) -> assertThat(arguments).noneMatch((word) -> word.contains(endpoint.password())));
			assertThat(output).contains("listens at " + endpoint).doesNotContain(endpoint.password());
			try (StatefulRedisConnection<String, String> connection = connect(endpoint, endpoint.password())) {
				RedisCommands<String, String> redis = connection.sync();
				assertThat(redis.configGet("maxmemory")).containsEntry("maxmemory",
						Long.toString(DataSize.ofMegabytes(16).toBytes()));
				assertThat(redis.configGet("bind")).containsEntry("bind", RedisEndpoint.HOST);
			}
			assertThatExceptionOfType(Exception.class).isThrownBy(() -> connect(endpoint, "another"))
				.havingRootCause()
				.isInstanceOf(RedisCommandExecutionException.class)
				.withMessageContaining("WRONGPASS");
		}
		assertThat(process.isAlive()).isFalse();
	}

	@Test
	void isStartedAgainWhereItWasWithWhatItHad(@TempDir Path data) throws Exception {
		try (RedisServer server = server(data.toFile())) {
			RedisEndpoint endpoint = provide(server);
			try (StatefulRedisConnection<String, String> connection = connect(endpoint, endpoint.password())) {
				connection.sync().set("key", "value");
			}
			ProcessHandle killed = process(server);
			killed.destroyForcibly();
			await().atMost(LIMIT).until(() -> describe(server).restarts() == 1 && describe(server).up());
			assertThat(process(server).pid()).isNotEqualTo(killed.pid());
			try (StatefulRedisConnection<String, String> connection = connect(endpoint, endpoint.password())) {
				assertThat(connection.sync().get("key")).isEqualTo("value");
			}
		}
		try (RedisServer next = server(data.toFile())) {
			RedisEndpoint endpoint = provide(next);
			try (StatefulRedisConnection<String, String> connection = connect(endpoint, endpoint.password())) {
				assertThat(connection.sync().get("key")).isEqualTo("value");
			}
		}
	}

	@Test
	void waitsForAnotherOneThatUsesTheSameDirectory(@TempDir Path data, @TempDir Path other) throws Exception {
		RedisServer next = server(data.toFile());
		try (RedisServer first = new RedisServer(
				new ClusterProperties.Redis.Embedded(data.toFile(), DataSize.ofMegabytes(16)),
				(failures) -> Duration.ZERO, other)) {
			provide(first);
			assertThat(next.provide(executable)).isNotDone();
			// there is nothing but time to wait for, and a slow machine sees less of it
			await().atMost(LIMIT).during(Duration.ofMillis(100)).until(() -> next.describe() == null);
		}
		try (next) {
			assertThat(provide(next)).isNotNull();
		}
	}

	@Test
	void endsWithTheLastProcessThatHoldsItsLifeline() throws Exception {
		Lifeline primary = Lifeline.create(this.directory);
		RedisProcess redis = RedisProcess.start(executable,
				new RedisConfiguration(new RedisEndpoint(LoopbackPorts.free(), "secret"), this.directory,
						new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16))),
				primary.path());
		try (Lifeline worker = Lifeline.hold(this.directory)) {
			assertThat(worker.path()).isEqualTo(primary.path());
			await().atMost(LIMIT).until(() -> redis.pid() != null);
			primary.close();
			// there is nothing but time to wait for, and a slow machine sees less of it
			await().atMost(LIMIT).during(Duration.ofMillis(100)).until(redis::isAlive);
		}
		assertThat(redis.await()).isZero();
	}

	@Test
	void aProgramThatDoesNotRunIsTriedAgainAndAnsweredAllTheSame() throws Exception {
		Path broken = Files.writeString(this.directory.resolve("redis-server"), "#!/bin/sh\nexit 3\n");
		assertThat(broken.toFile().setExecutable(true)).isTrue();
		try (RedisServer server = new RedisServer(new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16)),
				(failures) -> Duration.ofMillis(10), this.directory)) {
			assertThat(server.provide(broken).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isNotNull();
			await().atMost(LIMIT).until(() -> describe(server).restarts() > 2);
			assertThat(describe(server).up()).isFalse();
			assertThat(describe(server).pid()).isNull();
		}
	}

	@Test
	void thereIsNoneWhereNothingCanBeWritten() throws IOException {
		Path file = Files.createFile(this.directory.resolve("file"));
		try (RedisServer server = server(file.toFile())) {
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> provide(server))
				.withCauseInstanceOf(IOException.class);
		}
	}

}
