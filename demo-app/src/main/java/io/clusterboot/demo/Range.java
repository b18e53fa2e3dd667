package io.clusterboot.demo;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;

/**
 * The whole numbers that a request parameter takes.
 *
 * @param parameter name of the parameter
 * @param min smallest number
 * @param max largest number
 */
record Range(String parameter, int min, int max) {

	int parse(@Nullable String value) {
		if (value == null) {
			throw problem("is missing", null);
		}
		try {
			int number = Integer.parseInt(value);
			if (number >= this.min && number <= this.max) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			throw problem("is '" + value + "'", ex);
		}
		throw problem("is " + value, null);
	}

	private ErrorResponseException problem(String fault, @Nullable Throwable cause) {
		ProblemDetail body = ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST,
				"Parameter '%s' %s: give a whole number from %d to %d".formatted(this.parameter, fault, this.min,
						this.max));
		return new ErrorResponseException(HttpStatus.BAD_REQUEST, body, cause);
	}

}
