package io.clusterboot.it;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.clusterboot.it.HttpConnection.Reply;
import io.clusterboot.it.secured.SecuredApplication;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Spring Security decides who may control the cluster, where it is present.
 */
@ExtendWith(PrintOutputOnFailure.class)
@DisabledIfSystemProperty(named = "test.server", matches = "netty", disabledReason = "needs servlets")
class SecurityTests {

	private static final String ENDPOINT = "/actuator/cluster";

	private static String basic(String user) {
		return "Basic " + Base64.getEncoder().encodeToString((user + ":" + user).getBytes(StandardCharsets.UTF_8));
	}

	private static Reply send(ClusterProcess cluster, String method, String path, String user, String... headers)
			throws IOException {
		try (HttpConnection connection = HttpConnection.open(cluster.port(), Deadlines.EVENT)) {
			if (user.isEmpty()) {
				connection.send(method, path, new byte[0]);
			}
			else {
				connection.send(method, path, new byte[0],
						Stream.concat(Stream.of("Authorization: " + basic(user)), Stream.of(headers))
							.toArray(String[]::new));
			}
			return connection.read();
		}
	}

	/**
	 * What is for browsers, in one cluster.
	 */
	@Nested
	@TestInstance(Lifecycle.PER_CLASS)
	class Dashboard {

		private ClusterProcess cluster;

		@BeforeAll
		void start() {
			this.cluster = ClusterProcess.securedApplication(SecuredApplication.class)
				.property("app.csrf", true)
				.property("management.endpoints.web.exposure.include", "health,cluster,clusterdashboard")
				.property("management.endpoint.cluster.access", "unrestricted")
				.property("cluster.startup.timeout", "10m")
				.property("cluster.reload.probation", "100ms")
				.property("cluster.drain.idle-grace", "100ms")
				.start();
			this.cluster.awaitLine("worker-1 .* is ready after");
			this.cluster.awaitLine("worker-2 .* is ready after");
		}

		@AfterAll
		void stop() {
			this.cluster.close();
		}

		/**
		 * The dashboard finds out what its caller may do, and sends along what protects
		 * against forged requests.
		 */
		@Test
		void respectsRolesAndTheProtectionAgainstForgedRequests() throws Exception {
			String dashboard = ENDPOINT + "/dashboard";
			assertThat(send(this.cluster, "GET", dashboard, "").status()).isEqualTo(401);
			assertThat(send(this.cluster, "GET", dashboard, "reader").status()).isEqualTo(200);
			assertThat(send(this.cluster, "GET", dashboard + "/session", "reader").body())
				.contains("\"mayWrite\":false");
			Reply answered = send(this.cluster, "GET", dashboard + "/session", "operator");
			JsonNode session = JsonMapper.shared().readTree(answered.body());
			assertThat(session.get("mayWrite").asBoolean()).isTrue();
			// forged requests are found out before callers are
			assertThat(send(this.cluster, "POST", ENDPOINT + "/abort", "operator").status()).isEqualTo(401);
			String cookie = answered.headers().get("set-cookie").split(";")[0];
			Reply reply = send(this.cluster, "POST", ENDPOINT + "/abort", "operator", "Cookie: " + cookie,
					session.get("csrfHeader").asString() + ": " + session.get("csrfToken").asString());
			// it got through, and there is nothing to abort
			assertThat(reply.status()).as(reply.body()).isEqualTo(409);
		}

		/**
		 * Its own headers are those that Spring Security would have sent, or stricter.
		 */
		@Test
		void sendsEachHeaderOnce() throws Exception {
			HttpResponse<String> page = HttpClient.newHttpClient()
				.send(HttpRequest
					.newBuilder(URI.create("http://127.0.0.1:%d%s/dashboard".formatted(this.cluster.port(), ENDPOINT)))
					.header("Authorization", basic("reader"))
					.build(), BodyHandlers.ofString());
			assertThat(page.statusCode()).isEqualTo(200);
			assertThat(page.headers().allValues("X-Frame-Options")).containsExactly("DENY");
			assertThat(page.headers().allValues("X-Content-Type-Options")).containsExactly("nosniff");
			assertThat(page.headers().allValues("Cache-Control")).containsExactly("no-store");
			assertThat(page.headers().allValues("Content-Security-Policy")).singleElement()
				.asString()
				.contains("default-src 'none'", "frame-ancestors 'none'");
		}

		@Test
		void showsAReaderNoButtonsAndLetsAnOperatorReload(@TempDir Path profile) throws Exception {
			assumeTrue(Browser.installed().isPresent(), "Chromium is not installed");
			try (Browser browser = Browser.start(profile)) {
				openDashboard(browser, this.cluster, "reader");
				assertThat(browser.evaluate("document.getElementById('reload-button').checkVisibility()").asBoolean())
					.isFalse();
				openDashboard(browser, this.cluster, "operator");
				browser.awaitTrue("document.getElementById('reload-button').checkVisibility()");
				browser.focusAndPressEnter("reload-button");
				browser.awaitTrue("document.getElementById('question').open");
				browser.focusAndPressEnter("question-yes");
				browser.awaitTrue("document.getElementById('outcome').textContent.endsWith('is done')");
				// a stream that breaks off is no error
				assertThat(browser.complaints())
					.filteredOn((complaint) -> !complaint.contains("\"source\":\"network\""))
					.isEmpty();
			}
		}

	}

	/**
	 * Open the page, and wait until it knows what its user may do.
	 */
	private static void openDashboard(Browser browser, ClusterProcess cluster, String user) {
		browser.headers(Map.of("Authorization", basic(user)));
		browser.open("http://127.0.0.1:%d%s/dashboard?%s".formatted(cluster.port(), ENDPOINT, user));
		browser.awaitTrue("location.search == '?%s'".formatted(user)
				+ " && document.querySelectorAll('#rows tr[data-state=READY]').length == 2"
				+ " && performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/session'))");
		String uptime = browser.evaluate("document.getElementById('total-primary').textContent").asString();
		browser.awaitTrue("document.getElementById('total-primary').textContent != '%s'".formatted(uptime));
	}

	private static JsonNode look(ClusterProcess cluster) throws IOException {
		Reply reply = send(cluster, "GET", ENDPOINT, "operator");
		assertThat(reply.status()).isEqualTo(200);
		return JsonMapper.shared().readTree(reply.body());
	}

	private static List<Long> readyPids(JsonNode cluster) {
		return cluster.get("workers")
			.valueStream()
			.filter((worker) -> "READY".equals(worker.get("state").asString()))
			.map((worker) -> worker.get("pid").asLong())
			.toList();
	}

	@Test
	void onlyOperatorsControlTheCluster() throws Exception {
		try (ClusterProcess cluster = ClusterProcess.securedApplication(SecuredApplication.class)
			.workers(1)
			.property("management.endpoint.cluster.access", "unrestricted")
			.property("cluster.startup.timeout", "10m")
			.property("cluster.reload.probation", "100ms")
			.property("cluster.drain.idle-grace", "100ms")
			.start()) {
			cluster.awaitLine("is ready after");
			List<Long> workers = cluster.workerPids();
			for (String operation : List.of("reload", "abort", "scale", "restart")) {
				String path = ENDPOINT + "/" + operation;
				assertThat(send(cluster, "POST", path, "").status()).as("nobody: %s", operation).isEqualTo(401);
				assertThat(send(cluster, "POST", path, "reader").status()).as("reader: %s", operation).isEqualTo(403);
			}
			// also if that protection against forged requests is switched off, as for
			// curl
			Reply forged = send(cluster, "POST", ENDPOINT + "/reload", "operator", "Sec-Fetch-Site: cross-site");
			assertThat(forged.status()).isEqualTo(403);
			assertThat(forged.body()).contains("A page of another origin");
			assertThat(send(cluster, "GET", ENDPOINT, "").status()).isEqualTo(401);
			assertThat(send(cluster, "GET", ENDPOINT, "reader").status()).isEqualTo(403);
			assertThat(look(cluster).at("/reload/state").asString()).isEqualTo("IDLE");
			assertThat(cluster.workerPids()).isEqualTo(workers);

			Reply reply = send(cluster, "POST", ENDPOINT + "/reload", "operator");
			assertThat(reply.status()).as(reply.body()).isEqualTo(202);
			JsonNode reloaded = await().atMost(Deadlines.EVENT)
				.until(() -> look(cluster), (view) -> "DONE".equals(view.at("/reload/state").asString()));
			// the former worker may still be leaving
			assertThat(readyPids(reloaded)).hasSize(1).doesNotContainAnyElementsOf(workers);
		}
	}

}
