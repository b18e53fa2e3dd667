package io.clusterboot.demo;

import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;

import io.clusterboot.autoconfigure.ClusterMessagingAutoConfiguration;
import io.clusterboot.state.SharedState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.Answers;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.mock.web.MockHttpSession;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.test.web.servlet.assertj.MvcTestResult;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@WebMvcTest
@ImportAutoConfiguration(ClusterMessagingAutoConfiguration.class)
class DemoApplicationTests {

	private static final long PID = ProcessHandle.current().pid();

	@MockitoBean(answers = Answers.RETURNS_MOCKS)
	private SharedState state;

	@Autowired
	private MockMvcTester mvc;

	@Test
	void rootNamesTheProcess() {
		assertThat(this.mvc.get().uri("/")).hasStatusOk()
			.hasContentTypeCompatibleWith(MediaType.TEXT_PLAIN)
			.hasBodyTextEqualTo("Hello from Worker " + PID);
	}

	@ParameterizedTest
	@CsvSource({ "0, 0", "1, 1", "2, 1", "20, 6765" })
	void computeAnswersTheFibonacciNumber(int n, long result) {
		assertThat(this.mvc.get().uri("/compute?n={n}", n)).hasStatusOk()
			.bodyJson()
			.isStrictlyEqualTo("{\"pid\": %d, \"result\": %d}".formatted(PID, result));
	}

	@Test
	void poolComputesABatch() {
		assertThat(this.mvc.get().uri("/pool?n=10")).hasStatusOk()
			.bodyJson()
			.isStrictlyEqualTo(
					"{\"results\": [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55], \"workers\": {\"%d\": 11}}".formatted(PID));
	}

	@Test
	void poolOutsideItsRangeIsABadRequest() {
		assertBadRequest("/pool?n=46", "Parameter 'n' ", ": give a whole number from 0 to 45");
	}

	@Test
	void messageThatIsTooLongIsExplained() {
		assertThat(this.mvc.post().uri("/messages").contentType(MediaType.TEXT_PLAIN).content("x".repeat(1001)))
			.hasStatus(HttpStatus.CONTENT_TOO_LARGE)
			.bodyText()
			.contains("send 1000 at the most");
	}

	@Test
	void messagesOfAnApplicationThatIsAloneReachNobody() {
		assertThat(this.mvc.post().uri("/messages").contentType(MediaType.TEXT_PLAIN).content("hello")).hasStatusOk();
		assertThat(this.mvc.get().uri("/messages")).hasStatusOk()
			.bodyJson()
			.isStrictlyEqualTo("{\"pid\": %d, \"received\": []}".formatted(PID));
	}

	@Test
	void visitsCountTheRequestsOfASession() {
		MockHttpSession session = new MockHttpSession();
		for (int visits = 1; visits < 3; visits++) {
			assertThat(this.mvc.get().uri("/visits").session(session)).hasStatusOk()
				.bodyJson()
				.isStrictlyEqualTo("{\"worker\": %d, \"visits\": %d}".formatted(PID, visits));
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "/compute", "/compute?n=", "/compute?n=51", "/compute?n=-1", "/compute?n=x",
			"/compute?n=1.5", "/compute?n=99999999999" })
	void computeOutsideItsRangeIsABadRequest(String uri) {
		assertBadRequest(uri, "Parameter 'n' ", ": give a whole number from 0 to 50");
	}

	@Test
	void slowAnswersAfterItHasSlept() {
		assertThat(this.mvc.get().uri("/slow?ms=1")).hasStatusOk()
			.bodyJson()
			.isStrictlyEqualTo("{\"pid\": %d, \"ms\": 1}".formatted(PID));
	}

	@Test
	void slowSleeps() {
		FutureTask<MvcTestResult> request = new FutureTask<>(() -> this.mvc.get().uri("/slow?ms=60000").exchange());
		Thread thread = new Thread(request);
		thread.start();
		await().atMost(Duration.ofMinutes(3))
			.until(() -> Stream.of(thread.getStackTrace()).anyMatch((frame) -> frame.getMethodName().equals("sleep")));
		thread.interrupt();
		assertThat(request).succeedsWithin(Duration.ofMinutes(3))
			.satisfies((result) -> assertThat(result).hasFailed()
				.failure()
				.hasRootCauseInstanceOf(InterruptedException.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "/slow", "/slow?ms=", "/slow?ms=60001", "/slow?ms=-1", "/slow?ms=soon" })
	void slowOutsideItsRangeIsABadRequest(String uri) {
		assertBadRequest(uri, "Parameter 'ms' ", ": give a whole number from 0 to 60000");
	}

	@ParameterizedTest
	@ValueSource(strings = { "/crash", "/oom" })
	void withoutTheProfileThereIsNoChaos(String uri) {
		assertThat(this.mvc.get().uri(uri)).hasStatus(HttpStatus.NOT_FOUND);
	}

	private void assertBadRequest(String uri, String start, String end) {
		assertThat(this.mvc.get().uri(uri)).hasStatus(HttpStatus.BAD_REQUEST)
			.hasContentType(MediaType.APPLICATION_PROBLEM_JSON)
			.bodyJson()
			.extractingPath("$.detail")
			.asString()
			.startsWith(start)
			.endsWith(end);
	}

}
