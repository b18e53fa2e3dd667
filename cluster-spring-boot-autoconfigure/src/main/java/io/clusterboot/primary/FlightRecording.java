package io.clusterboot.primary;

import jdk.jfr.FlightRecorder;
import jdk.jfr.RecordingState;

/**
 * Whether this JVM records itself. HotSpot's sampler then suspends threads with SIGUSR2,
 * several times a second, and a handler for that signal cannot tell who sent it.
 */
final class FlightRecording {

	private FlightRecording() {
	}

	static boolean isRunning() {
		try {
			return FlightRecorder.isInitialized() && FlightRecorder.getFlightRecorder()
				.getRecordings()
				.stream()
				.anyMatch((recording) -> recording.getState() == RecordingState.RUNNING);
		}
		catch (NoClassDefFoundError ex) {
			// a runtime without the module jdk.jfr
			return false;
		}
	}

}
