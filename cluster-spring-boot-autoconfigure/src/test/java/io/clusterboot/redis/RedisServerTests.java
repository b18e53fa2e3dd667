package io.clusterboot.redis;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.clusterboot.ClusterProperties;
import io.clusterboot.protocol.ClusterDescription.RedisDescription;
import io.clusterboot.os.SharedDirectory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.util.FileSystemUtils;
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

	@TempDir
	private Path directory;

	@BeforeAll
	static void findProgram() {
		executable = TestRedis.program(programs);
	}

	private RedisServer server(@Nullable File dataDirectory) {
		return new RedisServer(new ClusterProperties.Redis.Embedded(dataDirectory, DataSize.ofMegabytes(16)),
				(failures) -> Duration.ZERO, this.directory);
	}

	private static Path provide(RedisServer server) throws Exception {
		return server.provide(executable).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
	}

	/**
	 * Use it as an application does.
	 */
	private static void use(Path socket, Consumer<StringRedisTemplate> use) {
		LettuceConnectionFactory connections = TestConnections.to(socket);
		try {
			use.accept(new StringRedisTemplate(connections));
		}
		finally {
			connections.destroy();
		}
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
			Path socket = provide(server);
			assertThat(provide(server)).isEqualTo(socket);
			assertThat(describe(server).socket()).isEqualTo(socket.toString());
			process = process(server);
			assertThat(output).contains("listens at " + socket);
			use(socket, (redis) -> {
				assertThat(setting(redis, "maxmemory")).isEqualTo(Long.toString(DataSize.ofMegabytes(16).toBytes()));
				assertThat(setting(redis, "port")).isEqualTo("0");
			});
		}
		assertThat(process.isAlive()).isFalse();
	}

	private static @Nullable String setting(StringRedisTemplate redis, String name) {
		Properties settings = redis
			.execute((RedisCallback<Properties>) (connection) -> connection.serverCommands().getConfig(name));
		return (settings != null) ? settings.getProperty(name) : null;
	}

	/**
	 * The directory keeps others away, and the socket itself would do so too.
	 */
	@Test
	@EnabledOnOs(OS.LINUX)
	void nobodyElseCanConnectToItOrListenInItsPlace() throws Exception {
		Path parent = Intruder.open(Files.createTempDirectory(Path.of("/tmp"), "redis-server-tests-"));
		SharedDirectory directory = SharedDirectory.create(parent, "clusterboot-");
		try (RedisServer server = new RedisServer(new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16)),
				(failures) -> Duration.ZERO, directory.path())) {
			Path socket = provide(server);
			assertThat(Intruder.attack(socket)).isEqualTo("refused cannot listen");
			Intruder.open(directory.path());
			assertThat(Intruder.attack(socket)).isEqualTo("refused cannot listen");
			// what is tried does work where it is allowed
			Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
			Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxrwxrwx"));
			assertThat(Intruder.attack(socket)).isEqualTo("connected listens");
		}
		finally {
			directory.leave();
			FileSystemUtils.deleteRecursively(parent);
		}
	}

	@Test
	void anApplicationMayNotChangeTheServer() throws Exception {
		List<String> commands = List.of("CONFIG SET dir /tmp", "CONFIG REWRITE", "SAVE", "BGSAVE", "BGREWRITEAOF",
				"REPLICAOF 127.0.0.1 6379", "SLAVEOF 127.0.0.1 6379", "MODULE LOAD /tmp/module.so", "DEBUG SLEEP 0",
				"SHUTDOWN NOSAVE", "ACL SETUSER default on", "ACL LIST", "MIGRATE 127.0.0.1 6379 key 0 1", "SYNC");
		try (RedisServer server = server(null)) {
			use(provide(server), (redis) -> assertThat(commands).allMatch((command) -> isRefused(redis, command)));
			assertThat(process(server).isAlive()).isTrue();
		}
	}

	private static boolean isRefused(StringRedisTemplate redis, String command) {
		String[] words = command.split(" ");
		byte[][] arguments = Arrays.stream(words).skip(1).map(String::getBytes).toArray(byte[][]::new);
		try {
			redis.execute((RedisCallback<Object>) (connection) -> connection.execute(words[0], arguments));
			return false;
		}
		catch (RedisSystemException ex) {
			return String.valueOf(NestedExceptionUtils.getMostSpecificCause(ex).getMessage()).contains("NOPERM");
		}
	}

	/**
	 * Spring Boot's health asks for information, Spring Cache clears by keys, Spring
	 * Session looks at what it is told of keys and sets nothing that is there.
	 */
	@Test
	void anApplicationMayDoWhatSpringDoes() throws Exception {
		try (RedisServer server = server(null)) {
			Path socket = provide(server);
			use(socket, (redis) -> {
				assertThat(setting(redis, "notify-keyspace-events")).contains("E", "g", "x");
				redis.opsForValue().set("key", "value");
				assertThat(redis.keys("k*")).containsExactly("key");
				assertThat(redis.getClientList()).isNotEmpty();
				assertThat(redis.<Long>execute(RedisScript.of("return 5", Long.class), List.of())).isEqualTo(5);
				redis.execute((RedisCallback<@Nullable Void>) (connection) -> {
					assertThat(connection.serverCommands().info("server")).containsKey("redis_version");
					connection.serverCommands().flushDb();
					connection.serverCommands().flushAll();
					return null;
				});
				assertThat(redis.keys("*")).isEmpty();
			});
		}
	}

	@Test
	void isStartedAgainWhereItWasWithWhatItHad(@TempDir Path data) throws Exception {
		try (RedisServer server = server(data.toFile())) {
			LettuceConnectionFactory connections = TestConnections.to(provide(server));
			try {
				StringRedisTemplate redis = new StringRedisTemplate(connections);
				redis.opsForValue().set("key", "value");
				ProcessHandle killed = process(server);
				killed.destroyForcibly();
				await().atMost(LIMIT).until(() -> describe(server).restarts() == 1 && describe(server).up());
				assertThat(process(server).pid()).isNotEqualTo(killed.pid());
				assertThat(redis.opsForValue().get("key")).isEqualTo("value");
			}
			finally {
				connections.destroy();
			}
		}
		try (RedisServer next = server(data.toFile())) {
			use(provide(next), (redis) -> assertThat(redis.opsForValue().get("key")).isEqualTo("value"));
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
		RedisProcess redis = RedisProcess.start(executable, new RedisConfiguration(this.directory.resolve("redis.sock"),
				this.directory, new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16))), primary.path());
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

	/**
	 * Whoever has asked is told where it will be. It is seen when it is there.
	 */
	@Test
	void oneThatIsSlowIsUpAsSoonAsItListens() throws Exception {
		Path gate = this.directory.resolve("gate");
		Path slow = Files.writeString(this.directory.resolve("slow"),
				"#!/bin/sh\nwhile [ ! -e \"%s\" ]; do sleep 0.1; done\nexec \"%s\" \"$@\"\n".formatted(gate,
						executable));
		assertThat(slow.toFile().setExecutable(true)).isTrue();
		try (RedisServer server = new RedisServer(new ClusterProperties.Redis.Embedded(null, DataSize.ofMegabytes(16)),
				(failures) -> Duration.ZERO, this.directory, Duration.ofMillis(1))) {
			assertThat(server.provide(slow).get(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isNotNull();
			assertThat(describe(server).up()).isFalse();
			Files.createFile(gate);
			await().atMost(LIMIT).until(() -> describe(server).up());
			assertThat(describe(server).restarts()).isZero();
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
