package io.clusterboot.it.secured;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpMethod;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.csrf.CookieCsrfTokenRepository;

/**
 * An application that is secured as the documentation says. The password of a user is his
 * name.
 */
@SpringBootApplication
public class SecuredApplication {

	public static void main(String[] args) {
		SpringApplication.run(SecuredApplication.class, args);
	}

	@Bean
	@Order(1)
	@ConditionalOnBooleanProperty(name = "app.csrf", havingValue = false, matchIfMissing = true)
	SecurityFilterChain clusterOperations(HttpSecurity http) throws Exception {
		return http.securityMatcher(EndpointRequest.to("cluster"))
			.authorizeHttpRequests((requests) -> requests.anyRequest().hasRole("OPERATOR"))
			.httpBasic(Customizer.withDefaults())
			.csrf((csrf) -> csrf.disable())
			.build();
	}

	/**
	 * For browsers only: without the exemption from the protection against forged
	 * requests, whose token all workers know, and with a strict policy.
	 */
	@Bean
	@Order(1)
	@ConditionalOnBooleanProperty("app.csrf")
	SecurityFilterChain clusterDashboard(HttpSecurity http) throws Exception {
		return http.securityMatcher(EndpointRequest.to("cluster"))
			.authorizeHttpRequests((requests) -> requests.requestMatchers(HttpMethod.POST)
				.hasRole("OPERATOR")
				.anyRequest()
				.authenticated())
			.httpBasic(Customizer.withDefaults())
			.csrf((csrf) -> csrf.csrfTokenRepository(new CookieCsrfTokenRepository()))
			.headers((headers) -> headers
				.contentSecurityPolicy((policy) -> policy.policyDirectives("default-src 'self'")))
			.build();
	}

	@Bean
	@Order(2)
	SecurityFilterChain application(HttpSecurity http) throws Exception {
		return http.authorizeHttpRequests((requests) -> requests.anyRequest().authenticated())
			.httpBasic(Customizer.withDefaults())
			.build();
	}

	@Bean
	UserDetailsService users() {
		return new InMemoryUserDetailsManager(user("reader", "USER"), user("operator", "OPERATOR"));
	}

	private static UserDetails user(String name, String role) {
		return User.withUsername(name).password("{noop}" + name).roles(role).build();
	}

}
