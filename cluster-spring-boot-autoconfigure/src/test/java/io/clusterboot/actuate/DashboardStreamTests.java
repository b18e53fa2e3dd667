package io.clusterboot.actuate;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.clusterboot.worker.WorkerAgent;
import jakarta.servlet.ServletException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

import org.springframework.http.HttpStatus;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.server.MockServerWebExchange;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.server.MethodNotAllowedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
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
	void viewersCountBeforeTheirStreamsBeginAndMakeRoomWhenTheyLeave() throws Exception {
		DashboardStream stream = new DashboardStream(this.agent, this.endpoint);
		AtomicInteger beginning = new AtomicInteger();
		CountDownLatch begin = new CountDownLatch(1);
		List<CompletableFuture<MockHttpServletRequest>> viewers = Stream
			.generate(() -> CompletableFuture.supplyAsync(() -> view(stream, new MockHttpServletResponse() {
				@Override
				public void flushBuffer() {
					beginning.incrementAndGet();
					awaitQuietly(begin);
					super.flushBuffer();
				}
			}), (task) -> new Thread(task, "viewer").start()))
			.limit(DashboardState.MOST_VIEWERS)
			.toList();
		await().atMost(LONG).until(() -> beginning.get() == DashboardState.MOST_VIEWERS);
		MockHttpServletResponse refused = new MockHttpServletResponse();
		assertThat(isOver(view(stream, refused))).isTrue();
		assertThat(refused.getStatus()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE.value());
		begin.countDown();
		assertThat(viewers).noneMatch((viewer) -> isOver(viewer.join()));
		given(this.agent.isLeaving()).willReturn(true);
		await().atMost(LONG).until(() -> viewers.stream().allMatch((viewer) -> isOver(viewer.join())));
		given(this.agent.isLeaving()).willReturn(false);
		assertThat(isOver(view(stream))).isFalse();
		stream.destroy();
	}

	@Test
	void aStreamThatCannotBeginLeavesItsPlace() throws Exception {
		DashboardStream stream = new DashboardStream(this.agent, this.endpoint);
		for (int i = 0; i < DashboardState.MOST_VIEWERS; i++) {
			MockHttpServletRequest synchronous = new MockHttpServletRequest("GET", "/");
			assertThatExceptionOfType(IllegalStateException.class)
				.isThrownBy(() -> stream.handleRequest(synchronous, new MockHttpServletResponse()));
		}
		assertThat(isOver(view(stream))).isFalse();
		stream.destroy();
	}

	@Test
	void whoeverDoesNotReadTheStreamIsGivenNone() {
		DashboardStream stream = new DashboardStream(this.agent, this.endpoint);
		assertThatExceptionOfType(HttpRequestMethodNotSupportedException.class).isThrownBy(
				() -> stream.handleRequest(new MockHttpServletRequest("HEAD", "/"), new MockHttpServletResponse()));
		stream.destroy();
		ReactiveDashboardStream reactive = new ReactiveDashboardStream(this.agent, this.endpoint);
		MockServerWebExchange exchange = MockServerWebExchange.from(MockServerHttpRequest.head("/"));
		assertThatExceptionOfType(MethodNotAllowedException.class)
			.isThrownBy(() -> view(reactive, exchange).block(LONG));
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
		MockServerWebExchange refused = exchange();
		Mono<Void> last = view(stream, refused);
		List<Disposable> viewers = Stream.generate(() -> view(stream, exchange()).subscribe())
			.limit(DashboardState.MOST_VIEWERS)
			.toList();
		await().atMost(LONG).until(() -> this.asked.get() > 0);
		last.block(LONG);
		assertThat(refused.getResponse().getStatusCode()).isEqualTo(HttpStatus.SERVICE_UNAVAILABLE);
		given(this.agent.isLeaving()).willReturn(true);
		await().atMost(LONG).until(() -> viewers.stream().allMatch(Disposable::isDisposed));
		assertThat(this.asked).hasValue(1);
		given(this.agent.isLeaving()).willReturn(false);
		MockServerWebExchange next = exchange();
		Disposable viewer = view(stream, next).subscribe();
		assertThat(next.getResponse().getStatusCode()).isNull();
		assertThat(viewer.isDisposed()).isFalse();
		viewer.dispose();
	}

	private static MockHttpServletRequest view(DashboardStream stream) {
		return view(stream, new MockHttpServletResponse());
	}

	private static MockHttpServletRequest view(DashboardStream stream, MockHttpServletResponse response) {
		MockHttpServletRequest request = new MockHttpServletRequest("GET", "/");
		request.setAsyncSupported(true);
		try {
			stream.handleRequest(request, response);
		}
		catch (ServletException | IOException ex) {
			throw new IllegalStateException(ex);
		}
		return request;
	}

	private static void awaitQuietly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
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
