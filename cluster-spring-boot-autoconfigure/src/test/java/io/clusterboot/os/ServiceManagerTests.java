package io.clusterboot.os;

import java.io.IOException;
import java.net.DatagramPacket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.assertj.core.api.Assumptions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.newsclub.net.unix.AFUNIXDatagramSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.StringUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServiceManager}, against a real datagram socket.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServiceManagerTests {

	private static final long PID = ProcessHandle.current().pid();

	/** For what is to happen, however busy the machine is. */
	private static final Duration PATIENCE = Duration.ofMinutes(3);

	/**
	 * Time that a service manager gets to read: whoever waited for that would be noticed.
	 */
	private static final Duration FOREVER = Duration.ofDays(1);

	@TempDir
	private Path directory;

	@Test
	void readinessAndStatusArriveInOneMessage() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			serviceManager(path()).ready("2 of 2 workers are ready");
			assertThat(receiver.next()).isEqualTo("READY=1\nSTATUS=2 of 2 workers are ready");
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void aServiceManagerWithAnAbstractNameIsTold() throws Exception {
		String name = "@clusterboot-test-" + UUID.randomUUID() + "/notify";
		try (Receiver receiver = Receiver.at(name)) {
			serviceManager(name).ready("ready");
			assertThat(receiver.next()).isEqualTo("READY=1\nSTATUS=ready");
		}
	}

	@Test
	void messagesArriveInTheOrderInWhichTheyWereSent() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			ServiceManager serviceManager = serviceManager(path());
			serviceManager.status("starting");
			serviceManager.ready("ready");
			serviceManager.reloading("reloading");
			serviceManager.ready("reloaded");
			serviceManager.stopping("stopping");
			assertThat(receiver.next()).isEqualTo("STATUS=starting");
			assertThat(receiver.next()).isEqualTo("READY=1\nSTATUS=ready");
			assertThat(receiver.next()).matches("RELOADING=1\nMONOTONIC_USEC=\\d+\nSTATUS=reloading");
			assertThat(receiver.next()).isEqualTo("READY=1\nSTATUS=reloaded");
			assertThat(receiver.next()).isEqualTo("STOPPING=1\nSTATUS=stopping");
		}
	}

	@Test
	void aReloadCarriesTheTimeAtWhichItBegan() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			long before = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
			serviceManager(path()).reloading("reloading");
			long after = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
			String time = receiver.next().lines().skip(1).findFirst().orElseThrow();
			assertThat(Long.parseLong(time.substring("MONOTONIC_USEC=".length()))).isBetween(before, after);
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void theJvmsClockIsTheOneThatSystemdComparesWith() throws Exception {
		Path suspensions = Path.of("/sys/power/suspend_stats/success");
		// unlike CLOCK_MONOTONIC, the uptime goes on while the machine is suspended
		Assumptions.assumeThat(Files.exists(suspensions) ? Files.readString(suspensions).trim() : "0").isEqualTo("0");
		double before = System.nanoTime() / 1e9;
		double uptime = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
		double after = System.nanoTime() / 1e9;
		// the uptime is rounded down to hundredths, and may be as old as the last tick
		assertThat(uptime).isBetween(before - 0.02, after + 0.02);
	}

	@Test
	void aStatusIsOneLineOfUtf8() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			ServiceManager serviceManager = serviceManager(path());
			serviceManager.status("größer:\r\n\tREADY=1\u2028\0✓\n");
			assertThat(receiver.next()).isEqualTo("STATUS=größer: READY=1 ✓");
			serviceManager.ready("✓".repeat(10_000));
			assertThat(receiver.next()).isEqualTo("READY=1\nSTATUS=" + "✓".repeat(1024));
		}
	}

	@Test
	void withoutAServiceManagerNothingHappens(CapturedOutput output) {
		for (Map<String, String> environment : List.of(Map.of("WATCHDOG_USEC", "1000000"),
				Map.of("WATCHDOG_USEC", "1000000", "NOTIFY_SOCKET", ""))) {
			ServiceManager serviceManager = serviceManager(environment);
			sayEverything(serviceManager);
			assertThat(serviceManager.watchdogInterval()).isNull();
		}
		assertThat(output).doesNotContain("NOTIFY_SOCKET");
	}

	@Test
	void aServiceManagerThatIsBusyDelaysNobodyAndIsToldLater(CapturedOutput output) throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			ServiceManager serviceManager = serviceManager(path());
			List<String> sent = IntStream.range(0, 60).mapToObj((number) -> "status " + number).toList();
			assertWaitsForNobody(() -> sent.forEach(serviceManager::status));
			List<String> received = new ArrayList<>();
			for (int i = 0; i < sent.size(); i++) {
				received.add(receiver.next());
			}
			assertThat(received).isEqualTo(sent.stream().map("STATUS="::concat).toList());
		}
		assertThat(warnings(output)).isEmpty();
	}

	@Test
	void aServiceManagerThatDoesNotReadDelaysNobodyAndLearnsWhatWasSaidLast() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			ServiceManager serviceManager = serviceManager(path());
			int statuses = tooMany();
			assertWaitsForNobody(() -> {
				IntStream.range(0, statuses).forEach((number) -> serviceManager.status("status " + number));
				serviceManager.ready("last");
			});
			assertThat(receiver.readUntil("READY=1\nSTATUS=last")).hasSizeLessThan(statuses);
		}
	}

	@Test
	void aServiceManagerThatDoesNotReadForTooLongIsLogged(CapturedOutput output) throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			ServiceManager serviceManager = ServiceManager.of(Map.of("NOTIFY_SOCKET", path()), PID,
					Duration.ofMillis(20));
			Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
				// a sender that is slower than this drops what would fill the socket
				IntStream.range(0, tooMany()).forEach((number) -> serviceManager.status("status " + number));
				assertThat(warnings(output))
					.anySatisfy((warning) -> assertThat(warning).contains("has not read for 20 ms", "STATUS=status "));
			});
			assertThat(receiver.next()).startsWith("STATUS=status ");
		}
	}

	@Test
	void aServiceManagerThatIsGoneIsLoggedOnceUntilItIsBack(CapturedOutput output) throws Exception {
		ServiceManager serviceManager = serviceManager(path());
		sayEverything(serviceManager);
		Awaitility.await().atMost(PATIENCE).until(() -> !warnings(output).isEmpty());
		Receiver receiver = Receiver.at(path());
		serviceManager.ready("seen");
		receiver.readUntil("READY=1\nSTATUS=seen");
		assertThat(warnings(output)).singleElement().asString().contains("READY=1 STATUS=ready");
		// leaves its file behind, as one that crashed
		receiver.close();
		assertThat(Path.of(path())).exists();
		sayEverything(serviceManager);
		Awaitility.await().atMost(PATIENCE).until(() -> warnings(output).size() > 1);
		assertThat(warnings(output)).hasSize(2).last().asString().contains("Connection refused", "TimeoutStartSec");
	}

	@Test
	void aNameThatIsTooLongIsLoggedOnce(CapturedOutput output) {
		// junixsocket would take the first 108 bytes of these for the name
		for (String start : List.of("/", "@")) {
			ServiceManager serviceManager = serviceManager(start + "x".repeat(108));
			sayEverything(serviceManager);
		}
		assertThat(StringUtils.countOccurrencesOf(output.getOut(), "longer than the 108 bytes")).isEqualTo(2);
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void theLongestNameWorks() throws Exception {
		String name = ("@clusterboot-test-" + UUID.randomUUID() + "-").concat("x".repeat(108)).substring(0, 108);
		try (Receiver receiver = Receiver.at(name)) {
			serviceManager(name).ready("ready");
			assertThat(receiver.next()).isEqualTo("READY=1\nSTATUS=ready");
		}
	}

	@Test
	void anAddressThatIsNoUnixSocketIsLogged(CapturedOutput output) {
		sayEverything(serviceManager("vsock:2:1234"));
		assertThat(StringUtils.countOccurrencesOf(output.getOut(), "NOTIFY_SOCKET=vsock:2:1234")).isOne();
	}

	@Test
	void theWatchdogIsToldTwiceInItsTime() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			ServiceManager serviceManager = serviceManager(
					Map.of("NOTIFY_SOCKET", path(), "WATCHDOG_USEC", "30000000"));
			assertThat(serviceManager.watchdogInterval()).isEqualTo(Duration.ofSeconds(15));
			serviceManager.watchdog();
			assertThat(receiver.next()).isEqualTo("WATCHDOG=1");
		}
	}

	@Test
	void aWatchdogForAnotherProcessOrNoneIsNotTold() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			for (Map<String, String> watchdog : List.of(Map.<String, String>of(),
					Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "1"), Map.of("WATCHDOG_USEC", "0"),
					Map.of("WATCHDOG_USEC", "-1"), Map.of("WATCHDOG_USEC", "soon"))) {
				Map<String, String> environment = new LinkedHashMap<>(watchdog);
				environment.put("NOTIFY_SOCKET", path());
				ServiceManager serviceManager = serviceManager(environment);
				assertThat(serviceManager.watchdogInterval()).isNull();
				serviceManager.watchdog();
				serviceManager.status("next");
				assertThat(receiver.next()).isEqualTo("STATUS=next");
			}
		}
		Map<String, String> own = Map.of("NOTIFY_SOCKET", path(), "WATCHDOG_USEC", "10", "WATCHDOG_PID",
				Long.toString(PID));
		assertThat(serviceManager(own).watchdogInterval()).isEqualTo(Duration.ofNanos(5000));
	}

	@Test
	void anInterruptedThreadCanStillTell() throws Exception {
		try (Receiver receiver = Receiver.at(path())) {
			ServiceManager serviceManager = serviceManager(path());
			Thread.currentThread().interrupt();
			serviceManager.stopping("interrupted");
			assertThat(Thread.interrupted()).isTrue();
			assertThat(receiver.next()).isEqualTo("STOPPING=1\nSTATUS=interrupted");
			serviceManager.status("next");
			assertThat(receiver.next()).as("it is told once").isEqualTo("STATUS=next");
		}
	}

	/**
	 * The calls come back although nobody reads, and nothing is given up.
	 */
	private static void assertWaitsForNobody(Runnable calls) {
		assertThat(CompletableFuture.runAsync(calls)).succeedsWithin(PATIENCE);
	}

	private String path() {
		return this.directory.resolve("notify").toString();
	}

	private static ServiceManager serviceManager(String socket) {
		return serviceManager(Map.of("NOTIFY_SOCKET", socket));
	}

	private static ServiceManager serviceManager(Map<String, String> environment) {
		return ServiceManager.of(environment, PID, FOREVER);
	}

	/**
	 * What was logged of this test's socket: that of another may still be written to.
	 */
	private List<String> warnings(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains("WARN") && line.contains(path())).toList();
	}

	private static void sayEverything(ServiceManager serviceManager) {
		serviceManager.ready("ready");
		serviceManager.reloading("reloading");
		serviceManager.stopping("stopping");
		serviceManager.status("status");
		serviceManager.watchdog();
	}

	/**
	 * More messages than the kernel and the service manager's queue hold together.
	 */
	private static int tooMany() throws IOException {
		// not Files.readString, which reads byte by byte: such files give only the first
		Path setting = Path.of("/proc/sys/net/unix/max_dgram_qlen");
		return 200 + (Files.exists(setting) ? Integer.parseInt(Files.readAllLines(setting).get(0)) : 1000);
	}

	/**
	 * A service manager's end.
	 */
	private static final class Receiver implements AutoCloseable {

		private final AFUNIXDatagramSocket socket;

		private Receiver(AFUNIXDatagramSocket socket) {
			this.socket = socket;
		}

		static Receiver at(String name) throws IOException {
			AFUNIXDatagramSocket socket = AFUNIXDatagramSocket.newInstance();
			socket.setDeleteOnClose(false);
			socket.bind(AFUNIXSocketAddress.of(name.replaceFirst("^@", "\0").getBytes(StandardCharsets.UTF_8)));
			return new Receiver(socket);
		}

		String next() throws IOException {
			DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
			this.socket.setSoTimeout((int) PATIENCE.toMillis());
			this.socket.receive(packet);
			return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
		}

		/**
		 * Read on until a certain message comes.
		 */
		List<String> readUntil(String last) throws IOException {
			List<String> messages = new ArrayList<>();
			do {
				messages.add(next());
			}
			while (!messages.get(messages.size() - 1).equals(last));
			return messages;
		}

		@Override
		public void close() {
			this.socket.close();
		}

	}

}
