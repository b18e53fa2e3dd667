package io.clusterboot.it.stateful;

import jakarta.servlet.http.HttpSession;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cache.CacheManager;
import org.springframework.cache.concurrent.ConcurrentMapCacheManager;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * An application that was written for one process.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableScheduling
@Import(StatefulApplication.Visits.class)
public class StatefulApplication {

	public static void main(String[] args) {
		SpringApplication.run(StatefulApplication.class, args);
	}

	@Bean
	CacheManager books() {
		return new ConcurrentMapCacheManager();
	}

	@Scheduled(cron = "0 0 3 1 1 *")
	void nightly() {
	}

	@RestController
	static class Visits {

		@GetMapping("/visits")
		int visits(HttpSession session) {
			return 0;
		}

	}

}
