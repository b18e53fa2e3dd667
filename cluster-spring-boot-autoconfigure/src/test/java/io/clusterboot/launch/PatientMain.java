package io.clusterboot.launch;

/**
 * Says what it was given, and then waits to be killed.
 */
final class PatientMain {

	private PatientMain() {
	}

	public static void main(String[] args) throws Exception {
		System.out.println("one=%s %s three=%s four=%s input=%d".formatted(System.getProperty("one"),
				String.join(" ", args), System.getProperty("three"), System.getProperty("four"), System.in.read()));
		Thread.currentThread().join();
	}

}
