package io.clusterboot.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.clusterboot.dashboard.DashboardFiles;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What the dashboard promises of time: the page in a browser, whose clock these tests
 * move. So does the cluster that it asks, which {@code dashboard-clock.js} plays.
 */
class DashboardClockTests {

	/** What the page promises. */
	private static final int LONGEST_GAP = 1000;

	@TempDir
	private static Path profile;

	private static HttpServer server;

	private static Browser browser;

	@BeforeAll
	static void start() throws IOException {
		assumeTrue(Browser.installed().isPresent(), "Chromium is not installed");
		server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		server.createContext("/dashboard", DashboardClockTests::handle);
		server.start();
		browser = Browser.start(profile);
		browser.runBeforeEachPage(script());
	}

	private static String script() throws IOException {
		try (InputStream in = DashboardClockTests.class.getResourceAsStream("/dashboard-clock.js")) {
			return new String(in.readAllBytes(), StandardCharsets.UTF_8);
		}
	}

	private static void handle(HttpExchange exchange) throws IOException {
		try (exchange) {
			String path = exchange.getRequestURI().getPath();
			DashboardFiles.File file = path.equals("/dashboard") ? DashboardFiles.page("dashboard", "operations", true)
					: DashboardFiles.file(path.substring(path.lastIndexOf('/') + 1));
			exchange.getResponseHeaders().set("Content-Type", file.type());
			exchange.sendResponseHeaders(200, file.content().length);
			try (OutputStream out = exchange.getResponseBody()) {
				out.write(file.content());
			}
		}
	}

	@AfterAll
	static void stop() {
		if (browser != null) {
			browser.close();
		}
		if (server != null) {
			server.stop(0);
		}
	}

	@BeforeEach
	void open() {
		browser.open("about:blank");
		browser.open("http://127.0.0.1:%d/dashboard".formatted(server.getAddress().getPort()));
		browser.awaitTrue("document.readyState == 'complete' && cluster.streams.length == 1");
		advance(2000);
		assertThat(text("cluster.connection()")).isEqualTo("live");
	}

	private static void advance(int millis) {
		run("cluster.advance(%d)".formatted(millis));
	}

	private static void run(String statements) {
		browser.evaluate("(async () => { await %s; })()".formatted(statements));
	}

	private static int number(String expression) {
		return browser.evaluate(expression).asInt();
	}

	private static String text(String expression) {
		return browser.evaluate(expression).asString();
	}

	/**
	 * Four events a second, and no question.
	 */
	@Test
	void aStreamIsEnough() {
		int questions = number("cluster.questions");
		advance(10_000);
		assertThat(number("cluster.questions")).isEqualTo(questions);
		assertThat(number("cluster.streams.length")).isEqualTo(1);
		assertThat(number("cluster.gap()")).isBetween(250, 260);
	}

	/**
	 * Whichever worker it is: the one that sends the events, and is then asked first, or
	 * the other one.
	 */
	@Test
	void aWorkerThatHangsHoldsUpNoUpdateForASecond() {
		for (int worker : new int[] { 0, 1, 0 }) {
			run("(cluster.workers[%d].hangs = true)".formatted(worker));
			advance(15_000);
			run("(cluster.workers[%d].hangs = false)".formatted(worker));
			advance(5000);
			assertThat(text("cluster.connection()")).isEqualTo("live");
		}
		assertThat(number("cluster.gap()")).isBetween(260, LONGEST_GAP - 1);
		assertThat(number("cluster.mostOpen")).isLessThanOrEqualTo(3);
	}

	@Test
	void aStreamThatBreaksOffIsFollowedByAnotherAtOnce() {
		for (int i = 1; i <= 5; i++) {
			run("cluster.streams.at(-1).breakOff()");
			advance(1000);
			assertThat(number("cluster.streams.length")).isEqualTo(1 + i);
			assertThat(text("cluster.connection()")).isEqualTo("live");
		}
		assertThat(number("cluster.gap()")).isLessThan(LONGEST_GAP);
	}

	/**
	 * The browser keeps it for going back. Nothing moves in it meanwhile.
	 */
	@Test
	void aPageThatIsLeftHoldsNoStreamAndOpensOneWhenItIsBack() {
		run("window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))");
		assertThat(number("cluster.streams.filter((stream) => !stream.closed).length")).isZero();
		run("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))");
		assertThat(number("cluster.streams.filter((stream) => !stream.closed).length")).isEqualTo(1);
		advance(1000);
		assertThat(text("cluster.connection()")).isEqualTo("live");
		assertThat(number("cluster.streams.length")).isEqualTo(2);
	}

	@Test
	void wherePagesGetNoStreamTheyAskAndTryForOneNowAndThen() {
		run("(cluster.refusesStreams = true)");
		advance(5000);
		assertThat(text("cluster.connection()")).isEqualTo("polling");
		int questions = number("cluster.questions");
		int streams = number("cluster.streams.length");
		advance(20_000);
		// a question every 200 ms at the most, and a stream every five seconds
		assertThat(number("cluster.questions") - questions).isBetween(20, 100);
		assertThat(number("cluster.streams.length") - streams).isBetween(3, 4);
		assertThat(text("cluster.connection()")).isEqualTo("polling");
		assertThat(number("cluster.gap()")).isLessThan(LONGEST_GAP);
		run("(cluster.refusesStreams = false)");
		advance(6000);
		assertThat(text("cluster.connection()")).isEqualTo("live");
	}

	@Test
	void aPrimaryThatStandsStillIsToldWithoutMoreAndMoreStreams() {
		run("(cluster.error = 'it is away')");
		advance(30_000);
		assertThat(text("cluster.connection()")).isEqualTo("waiting");
		assertThat(text("document.getElementById('problem').textContent"))
			.isEqualTo("The primary does not answer: it is away");
		assertThat(browser.evaluate("document.getElementById('problem').hidden").asBoolean()).isFalse();
		assertThat(number("cluster.streams.length")).isEqualTo(1);
		run("(cluster.error = null)");
		advance(1000);
		assertThat(text("cluster.connection()")).isEqualTo("live");
		assertThat(browser.evaluate("document.getElementById('problem').hidden").asBoolean()).isTrue();
	}

	/**
	 * No more than three questions are open, however long it takes, and a stream that
	 * says nothing is given up for another one every three seconds.
	 */
	@Test
	void whereNobodyAnswersThePageDoesNotPileUpQuestions() {
		run("cluster.workers.forEach((worker) => worker.hangs = true)");
		advance(30_000);
		assertThat(text("cluster.connection()")).isEqualTo("connecting");
		assertThat(number("cluster.mostOpen")).isLessThanOrEqualTo(3);
		assertThat(number("cluster.streams.length - 1")).isBetween(8, 10);
		run("cluster.workers.forEach((worker) => worker.hangs = false)");
		advance(1000);
		assertThat(text("cluster.connection()")).isEqualTo("live");
	}

	@Test
	void requestsPerSecondAreThoseOfTheLastThree() {
		assertThat(text("document.getElementById('total-requests-s').textContent")).isEqualTo("0.0");
		for (int i = 0; i < 40; i++) {
			run("(cluster.workers[0].requests += 10, cluster.workers[1].requests += 30)");
			advance(250);
		}
		assertThat(number("parseFloat(document.getElementById('total-requests-s').textContent)")).isBetween(150, 170);
		assertThat(number("parseFloat(document.querySelector('#rows [data-cell=requests] span').textContent)"))
			.isBetween(37, 43);
		advance(3250);
		assertThat(text("document.getElementById('total-requests-s').textContent")).isEqualTo("0.0");
	}

}
