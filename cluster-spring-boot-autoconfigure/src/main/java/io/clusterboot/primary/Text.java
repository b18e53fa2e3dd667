package io.clusterboot.primary;

import java.time.Duration;

/**
 * How logs put things.
 */
final class Text {

	private Text() {
	}

	static String seconds(Duration duration) {
		return "%.1f s".formatted(duration.toMillis() / 1000.0);
	}

}
