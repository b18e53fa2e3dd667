package io.clusterboot.demo;

import jakarta.servlet.http.HttpSession;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Counts the requests of a session, whichever workers serve them.
 */
@RestController
class VisitsController {

	private static final String VISITS = "visits";

	private final WorkerProcess process;

	VisitsController(WorkerProcess process) {
		this.process = process;
	}

	/**
	 * Of requests of one session that are served at the same time, the last one counts:
	 * what has to be exact is no matter for a session.
	 */
	@GetMapping("/visits")
	Visits visit(HttpSession session) {
		Integer before = (Integer) session.getAttribute(VISITS);
		int visits = (before != null) ? before + 1 : 1;
		session.setAttribute(VISITS, visits);
		return new Visits(this.process.pid(), visits);
	}

	/**
	 * The answer.
	 *
	 * @param worker the process that answers
	 * @param visits number of requests in this session
	 */
	record Visits(long worker, int visits) {

	}

}
