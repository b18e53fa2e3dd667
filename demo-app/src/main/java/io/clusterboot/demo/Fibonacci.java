package io.clusterboot.demo;

/**
 * Fibonacci numbers, computed in the slowest way.
 */
final class Fibonacci {

	private Fibonacci() {
	}

	static long number(int n) {
		return (n < 2) ? n : number(n - 1) + number(n - 2);
	}

}
