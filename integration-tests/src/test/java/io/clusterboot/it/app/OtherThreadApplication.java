package io.clusterboot.it.app;

/**
 * The application of the port tests, started by another thread than the one that called
 * the main method.
 */
public final class OtherThreadApplication {

	private OtherThreadApplication() {
	}

	public static void main(String[] args) {
		new Thread(() -> PortsApplication.main(args), "starter").start();
	}

}
