package io.clusterboot.it.app;

/**
 * A JVM agent that counts how often it was given to the JVM.
 */
public final class CountingAgent {

	/**
	 * The system property that has the count.
	 */
	public static final String COUNT = "app.agent-count";

	private CountingAgent() {
	}

	public static void premain(String options) {
		System.setProperty(COUNT, Integer.toString(Integer.getInteger(COUNT, 0) + 1));
	}

}
