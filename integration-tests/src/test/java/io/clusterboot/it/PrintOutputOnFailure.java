package io.clusterboot.it;

import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestWatcher;

/**
 * Prints what the processes of a failed test have written.
 */
final class PrintOutputOnFailure implements BeforeEachCallback, TestWatcher, LifecycleMethodExecutionExceptionHandler {

	@Override
	public void beforeEach(ExtensionContext context) {
		ClusterProcess.forgetClosed();
	}

	@Override
	public void testFailed(ExtensionContext context, Throwable cause) {
		print(context);
	}

	@Override
	public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable cause) throws Throwable {
		print(context);
		throw cause;
	}

	private static void print(ExtensionContext context) {
		System.out.println("FAILED: " + context.getDisplayName());
		ClusterProcess.reports().forEach(System.out::println);
	}

}
