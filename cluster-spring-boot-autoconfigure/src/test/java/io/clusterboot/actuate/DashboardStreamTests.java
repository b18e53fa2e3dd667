package io.clusterboot.actuate;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.clusterboot.worker.WorkerAgent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.server.MockServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link DashboardStream} and {@link ReactiveDashboardStream} with a primary
 * that does not answer.
 */
class DashboardStreamTests {

	private static final Duration LONG = Duration.ofMinutes(3);

	private final WorkerAgent agent = mock(WorkerAgent.class);

	private final ClusterDashboardEndpoint endpoint = mock(ClusterDashboardEndpoint.class);

	private final AtomicInteger asked = new AtomicInteger();

	private final CountDownLatch answer = new CountDownLatch(1);

	DashboardStreamTests() {
		given(this.endpoint.state()).willAnswer((call) -> {
			this.asked.incrementAndGet();
			this.answer.await();
			throw new IllegalStateException("The test is over");
		});
	}

	@AfterEach
	void release() {
		this.answer.countDown();
	}

	@Test
	void allViewersWaitForOneAnswerAndLeaveWithoutIt() throws Exception {
		DashboardStream stream = new DashboardStream(this.agent, this.endpoint);
		List<MockHttpServletRequest> viewers = List.of(view(stream), view(stream), view(stream));
		await().atMost(LONG).until(() -> this.asked.get() > 0);
		given(this.agent.isLeaving()).willReturn(true);
		await().atMost(LONG).until(() -> viewers.stream().allMatch(DashboardStreamTests::isOver));
		assertThat(this.asked).hasValue(1);
		stream.destroy();
	}

	@Test
	void aStreamGoesOnAlsoAfterAFailure() throws Exception {
		this.answer.countDown();
		DashboardStream stream = new DashboardStream(this.agent, this.endpoint);
		MockHttpServletRequest viewer = view(stream);
		await().atMost(LONG).until(() -> this.asked.get() > 3);
		assertThat(isOver(viewer)).isFalse();
		stream.destroy();
	}

	@Test
	void aStreamEnds() throws Exception {
		DashboardStream stream = new DashboardStream(this.agent, this.endpoint, Duration.ofMillis(1));
		MockHttpServletRequest viewer = view(stream);
		await().atMost(LONG).until(() -> isOver(viewer));
		stream.destroy();
	}

	@Test
	void reactiveViewersAreLimitedWaitForOneAnswerAndLeaveWithoutIt() {
		ReactiveDashboardStream stream = new ReactiveDashboardStream(this.agent, this.endpoint);
		List<Disposable> viewers = Stream.generate(() -> view(stream, exchange()).subscribe())
			.limit(DashboardState.MOST_VIEWERS)
			.toList();
		await().atMost(LONG).until(() -> this.asked.get() > 0);
		MockServerWebExchange refused = exchange();
		view(stream, refused).block(LONG);
		assertThat(refused.getResponse().getStatusCode()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
		given(this.agent.isLeaving()).willReturn(true);
		await().atMost(LONG).until(() -> viewers.stream().allMatch(Disposable::isDisposed));
		assertThat(this.asked).hasValue(1);
	}

	private static MockHttpServletRequest view(DashboardStream stream) throws Exception {
		MockHttpServletRequest request = new MockHttpServletRequest();
		request.setAsyncSupported(true);
		stream.handleRequest(request, new MockHttpServletResponse());
		return request;
	}

	private static boolean isOver(MockHttpServletRequest request) {
		return !request.isAsyncStarted();
	}

	private static Mono<Void> view(ReactiveDashboardStream stream, MockServerWebExchange exchange) {
		return stream.handle(exchange);
	}

	private static MockServerWebExchange exchange() {
		return MockServerWebExchange.from(MockServerHttpRequest.get("/"));
	}

}
