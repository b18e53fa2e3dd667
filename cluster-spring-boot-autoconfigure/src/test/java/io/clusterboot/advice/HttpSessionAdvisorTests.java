package io.clusterboot.advice;

import java.util.HashMap;

import jakarta.servlet.http.HttpSession;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.security.web.DefaultSecurityFilterChain;
import org.springframework.security.web.authentication.UsernamePasswordAuthenticationFilter;
import org.springframework.security.web.authentication.www.BasicAuthenticationFilter;
import org.springframework.security.web.util.matcher.AnyRequestMatcher;
import org.springframework.session.MapSessionRepository;
import org.springframework.session.SessionRepository;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.SessionAttribute;
import org.springframework.web.bind.annotation.SessionAttributes;
import org.springframework.web.server.WebSession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link HttpSessionAdvisor}.
 */
class HttpSessionAdvisorTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner().withBean(ExistingBeans.class)
		.withBean(HttpSessionAdvisor.class);

	private static AbstractStringAssert<?> assertAdvice(ApplicationContext context) {
		return assertThat(context.getBean(HttpSessionAdvisor.class).advise());
	}

	@Test
	void controllersThatTakeASession() {
		this.runner.withBean(Visits.class)
			.run((context) -> assertAdvice(context)
				.contains("Visits.count", "Visits.reactive", "Visits.attribute", "Spring Session")
				.doesNotContain("Visits.nothing"));
	}

	@Test
	void controllersWithSessionAttributes() {
		this.runner.withBean(Wizard.class).run((context) -> assertAdvice(context).contains("(used by Wizard)"));
	}

	@Test
	void beansInTheScopeOfSessions() {
		this.runner.withBean("basket", Basket.class, Basket::new, (definition) -> definition.setScope("session"))
			.run((context) -> assertAdvice(context).contains("(used by basket)"));
	}

	@Test
	void loginsOfSpringSecurity() {
		this.runner
			.withBean("web", DefaultSecurityFilterChain.class, AnyRequestMatcher.INSTANCE,
					new UsernamePasswordAuthenticationFilter())
			.run((context) -> assertAdvice(context).contains("(used by web)"));
		this.runner
			.withBean("api", DefaultSecurityFilterChain.class, AnyRequestMatcher.INSTANCE,
					new BasicAuthenticationFilter((authentication) -> authentication))
			.run((context) -> assertAdvice(context).isNull());
	}

	@Test
	void applicationThatIsNotSeenToUseSessions() {
		this.runner.withBean(Stateless.class).run((context) -> assertAdvice(context).isNull());
	}

	@Test
	void springSessionSharesThemUnlessItIsInMemory() {
		this.runner.withBean(Visits.class)
			.withBean(SessionRepository.class, () -> mock(SessionRepository.class))
			.run((context) -> assertAdvice(context).isNull());
		this.runner.withBean(Visits.class)
			.withBean(MapSessionRepository.class, () -> new MapSessionRepository(new HashMap<>()))
			.run((context) -> assertAdvice(context).isNotNull());
	}

	@RestController
	static class Visits {

		int count(HttpSession session) {
			return 0;
		}

		int reactive(WebSession session) {
			return 0;
		}

		int attribute(@SessionAttribute int visits) {
			return visits;
		}

		int nothing() {
			return 0;
		}

	}

	@Controller
	@SessionAttributes("form")
	static class Wizard {

	}

	static class Basket {

	}

	@RestController
	static class Stateless {

		int nothing() {
			return 0;
		}

	}

}
