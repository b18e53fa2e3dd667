package io.clusterboot.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.sun.net.httpserver.HttpServer;
import io.clusterboot.it.gated.HeldStart;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The dashboard in a browser, under a context path. All tests share one cluster and one
 * page.
 */
@ExtendWith(PrintOutputOnFailure.class)
@TestMethodOrder(OrderAnnotation.class)
class DashboardTests {

	/** Where pictures are left for whoever wants to see them. */
	private static final Path PICTURES = Path.of("target", "dashboard");

	private static final String DASHBOARD = "/shop/actuator/cluster/dashboard";

	/** Pages that a worker sends events. */
	private static final int MOST_STREAMS = 32;

	private static final Pattern UPTIME = Pattern.compile("(?:(\\d+) min ?)?(?:(\\d+) s)?$");

	@TempDir
	private static Path directory;

	/** While it exists, workers that start wait. */
	private static Path held;

	private static ClusterProcess cluster;

	private static Browser browser;

	@BeforeAll
	static void start() throws IOException {
		assumeTrue(Browser.installed().isPresent(), "Chromium is not installed");
		held = directory.resolve("held");
		cluster = ClusterProcess.demoWith(HeldStart.class)
			.property("app.start-held", held)
			.property("spring.data.redis.port", 1)
			.property("management.health.redis.enabled", false)
			.property("server.servlet.context-path", "/shop")
			.property("management.endpoints.web.exposure.include", "health,cluster,clusterdashboard")
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.reload.probation", "500ms")
			.property("cluster.primary.port", 0)
			.property("cluster.startup.timeout", "10m")
			.property("cluster.heartbeat.timeout", "10m")
			// the page is told so late that the primary stands still
			.property("cluster.link.reply-timeout", "5s")
			.property("server.tomcat.max-keep-alive-requests", -1)
			.expectError("rejectedExecution +: Failed to submit a listener notification task")
			.start();
		cluster.awaitLine("worker-2 .* is ready after", Deadlines.EVENT);
		browser = Browser.start(directory.resolve("profile"));
		browser.screen(1280, 900, false, "light");
		openDashboard();
		awaitTrue("document.querySelectorAll('#rows tr[data-state=READY]').length == 2");
		// there are buttons when the page has asked what it may do
		awaitTrue("!document.getElementById('actions').hidden && !document.querySelector('thead .action').hidden");
		Files.createDirectories(PICTURES);
	}

	private static void openDashboard() {
		browser.open("http://127.0.0.1:%d%s".formatted(cluster.port(), DASHBOARD));
	}

	@AfterAll
	static void stop() {
		if (browser != null) {
			browser.close();
		}
		if (cluster != null) {
			cluster.close();
		}
	}

	private static void awaitTrue(String expression) {
		browser.awaitTrue(expression);
	}

	private static String text(String selector) {
		return browser.evaluate("document.querySelector('%s').textContent".formatted(selector)).asString();
	}

	private static List<Long> pids() {
		return browser
			.evaluate("[...document.querySelectorAll('#rows [data-cell=pid] span')].map(pid => +pid.textContent)")
			.valueStream()
			.map(JsonNode::asLong)
			.toList();
	}

	private static void focusAndPressEnter(String id) {
		browser.focusAndPressEnter(id);
	}

	private static void awaitConnection(String state) {
		awaitTrue("document.getElementById('connection')?.dataset.state == '%s'".formatted(state));
	}

	@Test
	@Order(1)
	void thePageLoadsWithoutComplaints() throws IOException {
		assertThat(text("h1")).isEqualTo("demo-app");
		assertThat(text("#total-ready")).isEqualTo("2 of 2");
		assertThat(pids()).containsExactlyInAnyOrderElementsOf(cluster.workerPids());
		awaitConnection("live");
		awaitTrue("document.querySelectorAll('#events li').length >= 4");
		browser.picture(PICTURES.resolve("light.png"));
		assertThat(browser.complaints()).isEmpty();
	}

	@Test
	@Order(2)
	void itCanBeUsedByKeyboardAndScreenReader() {
		browser.press("Tab", "");
		assertThat(browser.evaluate("document.activeElement.textContent").asString()).isEqualTo("Skip to the workers");
		assertThat(browser.accessible()).contains("heading Workers", "table ", "columnheader Requests/s",
				"button Restart worker-1", "spinbutton Workers", "log Events", "button Reload");
		focusAndPressEnter("reload-button");
		awaitTrue("document.getElementById('question').open && document.activeElement.id == 'question-no'");
		browser.press("Escape", "");
		awaitTrue("!document.getElementById('question').open && document.activeElement.id == 'reload-button'");
		assertThat(text("#outcome")).isEmpty();
	}

	@Test
	@Order(3)
	void itIsReadableOnAPhoneAndInTheDark() throws IOException {
		browser.screen(360, 800, true, "dark");
		assertThat(browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth").asBoolean()).isTrue();
		assertThat(browser.evaluate("getComputedStyle(document.body).backgroundColor").asString())
			.isEqualTo("rgb(15, 19, 24)");
		browser.picture(PICTURES.resolve("phone-dark.png"));
		browser.screen(1280, 900, false, "light");
		assertThat(browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth").asBoolean()).isTrue();
	}

	/**
	 * What it shows of rates is tested with another clock.
	 */
	@Test
	@Order(4)
	void theNumbersAreThoseOfTheWorkers() throws Exception {
		List<HttpConnection> connections = new ArrayList<>();
		try {
			for (int i = 0; i < 20; i++) {
				connections.add(HttpConnection.open(cluster.port(), Deadlines.EVENT));
				assertThat(connections.get(i).get("/shop/").status()).isEqualTo(200);
			}
			awaitTrue("parseFloat(document.getElementById('total-connections').textContent) >= 20");
			AtomicBoolean enough = new AtomicBoolean();
			Thread load = new Thread(() -> {
				try {
					while (!enough.get()) {
						connections.get(0).get("/shop/");
						// leaves the processors to the page
						LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
					}
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			}, "load");
			load.start();
			awaitTrue("parseFloat(document.getElementById('total-requests-s').textContent) > 0");
			awaitTrue("document.querySelector('#rows .chart polyline').getAttribute('points').split(' ').length > 4");
			browser.picture(PICTURES.resolve("load.png"));
			enough.set(true);
			load.join();
		}
		finally {
			connections.forEach(HttpConnection::closeQuietly);
		}
		awaitTrue("parseFloat(document.getElementById('total-connections').textContent) < 20");
	}

	@Test
	@Order(5)
	void aReloadByButtonReplacesAllWorkersWhileThePageStaysLive() throws IOException {
		List<Long> before = pids();
		Files.createFile(held);
		focusAndPressEnter("reload-button");
		awaitTrue("document.getElementById('question').open");
		focusAndPressEnter("question-yes");
		awaitTrue("!document.getElementById('reload').hidden");
		awaitTrue("document.querySelectorAll('#reload-steps [data-state=now]').length == 1");
		browser.picture(PICTURES.resolve("reload.png"));
		Files.delete(held);
		awaitTrue("document.getElementById('outcome').textContent.endsWith('is done')");
		awaitTrue("document.querySelectorAll('#rows tr').length == 2"
				+ " && document.querySelectorAll('#rows tr[data-state=READY]').length == 2");
		assertThat(pids()).hasSize(2).doesNotContainAnyElementsOf(before);
		assertThat(browser.evaluate("document.getElementById('reload-progress').value").asInt()).isEqualTo(2);
		assertThat(text("#events")).contains("Reload 1 (endpoint) begins", "Reload 1 is DONE");
	}

	@Test
	@Order(6)
	void aKilledWorkerTurnsRedAndComesBack() throws IOException {
		List<Long> before = new ArrayList<>(pids());
		long killed = before.remove(0);
		Files.createFile(held);
		Processes.signal("KILL", List.of(killed));
		awaitTrue("document.querySelectorAll('#rows tr[data-state=STOPPED]').length == 1");
		assertThat(text("#rows tr[data-state=STOPPED] [data-cell=exit]")).contains("ended by SIGKILL");
		browser.picture(PICTURES.resolve("killed.png"));
		Files.delete(held);
		awaitTrue("document.querySelectorAll('#rows tr').length == 2"
				+ " && document.querySelectorAll('#rows tr[data-state=READY]').length == 2");
		assertThat(pids()).containsAll(before).doesNotContain(killed);
		assertThat(text("#total-restarts")).isEqualTo("1");
		assertThat(text("#events")).contains("pid %d) exited: ended by SIGKILL".formatted(killed));
	}

	/**
	 * One of them sends the page its events. How long the page may take to ask the other
	 * one is tested with another clock.
	 */
	@Test
	@Order(7)
	void aWorkerThatStandsStillDoesNotHoldUpThePage() throws IOException {
		for (long pid : pids()) {
			Processes.signal("STOP", List.of(pid));
			try {
				// what it had sent before is older
				long suspended = uptimeOfPrimary();
				await().atMost(Deadlines.EVENT).until(() -> uptimeShown() > suspended + 2);
			}
			finally {
				Processes.signal("CONT", List.of(pid));
			}
		}
	}

	private static long uptimeOfPrimary() throws IOException {
		return Duration.parse(seenByPrimary().at("/primary/uptime").asString()).toSeconds();
	}

	private static JsonNode seenByPrimary() throws IOException {
		try (HttpConnection connection = HttpConnection.open(Integer.parseInt(primaryPort()), Deadlines.EVENT)) {
			return JsonMapper.shared().readTree(connection.get("/cluster").body());
		}
	}

	private static long uptimeShown() {
		String text = text("#total-primary");
		Matcher uptime = UPTIME.matcher(text);
		assertThat(uptime.find()).as(text).isTrue();
		return 60 * Long.parseLong(Objects.requireNonNullElse(uptime.group(1), "0"))
				+ Long.parseLong(Objects.requireNonNullElse(uptime.group(2), "0"));
	}

	private static String primaryPort() {
		return cluster.awaitLine("The primary answers on port (\\d+)", Deadlines.EVENT).group(1);
	}

	@Test
	@Order(8)
	void aPrimaryThatStandsStillIsTold() {
		Processes.signal("STOP", List.of(cluster.pid()));
		try {
			awaitTrue("!document.getElementById('problem').hidden");
			assertThat(text("#problem")).startsWith("The primary does not answer: ");
			awaitConnection("waiting");
		}
		finally {
			Processes.signal("CONT", List.of(cluster.pid()));
		}
		awaitConnection("live");
		awaitTrue("document.getElementById('problem').hidden");
	}

	@Test
	@Order(9)
	void aRestartByButtonReplacesOneWorker() throws IOException {
		List<Long> before = pids();
		Files.createFile(held);
		browser.evaluate("document.querySelector('#rows tr button').focus()");
		browser.press("Enter", "\r");
		awaitTrue("document.getElementById('question').open");
		focusAndPressEnter("question-yes");
		awaitTrue("document.getElementById('outcome').textContent.endsWith(' is being replaced')");
		Files.delete(held);
		awaitTrue("document.getElementById('outcome').textContent.endsWith(' has been replaced')");
		awaitTrue("document.querySelectorAll('#rows tr').length == 2");
		assertThat(pids()).contains(before.get(1)).doesNotContain(before.get(0));
		assertThat(browser.evaluate("document.activeElement.closest('tr').dataset.index").asString()).isEqualTo("0");
	}

	@Test
	@Order(10)
	void itScalesAndSaysWhatIsRefused() {
		browser.evaluate("document.getElementById('scale-workers').focus();"
				+ "document.getElementById('scale-workers').value = 1");
		focusAndPressEnter("scale-button");
		awaitTrue("document.getElementById('question').open");
		assertThat(text("#question-text")).isEqualTo("Run 1 worker instead of 2?");
		focusAndPressEnter("question-yes");
		awaitTrue("document.getElementById('outcome').textContent == 'There should be 1 worker now'");
		awaitTrue("document.querySelectorAll('#rows tr').length == 1");
		assertThat(text("#events")).contains("From 2 to 1 workers");
	}

	@Test
	@Order(11)
	void aPageBeyondTheLimitPolls() throws IOException {
		browser.open("about:blank");
		List<HttpConnection> others = new ArrayList<>();
		try {
			await().atMost(Deadlines.EVENT).until(() -> {
				HttpConnection other = HttpConnection.open(cluster.port(), Deadlines.EVENT);
				other.send("GET", DASHBOARD + "/events", new byte[0]);
				if (other.readHead().status() == 200) {
					others.add(other);
				}
				else {
					other.close();
				}
				return others.size() == MOST_STREAMS;
			});
			openDashboard();
			awaitConnection("polling");
			awaitTrue("document.getElementById('connection').textContent == 'Live, by polling'");
		}
		finally {
			others.forEach(HttpConnection::closeQuietly);
		}
	}

	/**
	 * The primary has the same page on its own port, where it changes nothing, and shows
	 * nothing to pages of other sites.
	 */
	@Test
	@Order(12)
	void whereNothingCanBeChangedThereAreNoButtons() throws IOException {
		String port = primaryPort();
		browser.open("http://127.0.0.1:%s/dashboard".formatted(port));
		awaitTrue("document.querySelectorAll('#rows tr[data-state=READY]').length == 1");
		awaitConnection("polling");
		assertThat(browser
			.evaluate("[...document.querySelectorAll('button')].filter(button => button.offsetParent).length")
			.asInt()).isZero();
		try (HttpConnection connection = HttpConnection.open(Integer.parseInt(port), Deadlines.EVENT)) {
			connection.write("GET /cluster HTTP/1.1\r\nHost: example.org\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			assertThat(connection.read().status()).isEqualTo(403);
		}
	}

	/**
	 * A stream that breaks off is no error: the page goes on.
	 */
	@Test
	@Order(13)
	void thePageHasNotComplained() {
		assertThat(browser.complaints()).filteredOn((complaint) -> !complaint.contains("\"source\":\"network\""))
			.isEmpty();
	}

	/**
	 * The browser sends what a page asks it to send, and tells where that comes from.
	 */
	@Test
	@Order(14)
	void aPageOfAnotherSiteChangesNothingAndShowsItInNoFrame() throws IOException {
		HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		other.createContext("/", (exchange) -> {
			try (exchange) {
				exchange.getResponseHeaders().set("Content-Type", "text/html");
				exchange.sendResponseHeaders(200, 0);
				exchange.getResponseBody()
					.write("<!doctype html><title>Other</title>".getBytes(StandardCharsets.US_ASCII));
			}
		});
		other.start();
		try {
			browser.open("http://localhost:%d/".formatted(other.getAddress().getPort()));
			assertThat(browser
				.evaluate(
						"""
								fetch('http://127.0.0.1:%d/shop/actuator/cluster/scale?workers=2', {method: 'POST', mode: 'no-cors'})
									.then((response) => response.type)"""
							.formatted(cluster.port()))
				.asString()).as("it got there, and the page does not learn what became of it").isEqualTo("opaque");
			assertThat(seenByPrimary().get("configuredWorkers").asInt()).isEqualTo(1);
			browser.evaluate("""
					void document.body.append(
						Object.assign(document.createElement('iframe'), {src: 'http://127.0.0.1:%d%s'}))"""
				.formatted(cluster.port(), DASHBOARD));
			await().atMost(Deadlines.EVENT)
				.until(() -> browser.complaints()
					.stream()
					.anyMatch((complaint) -> complaint.contains("frame-ancestors")));
		}
		finally {
			other.stop(0);
		}
	}

}
