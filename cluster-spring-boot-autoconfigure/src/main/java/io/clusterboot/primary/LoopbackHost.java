package io.clusterboot.primary;

import java.util.Locale;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Names of the loopback address. A page of another site can have its own name lead there
 * (DNS rebinding), and then its scripts could read what is answered.
 */
final class LoopbackHost {

	private static final Pattern NAMES = Pattern
		.compile("(([a-z0-9_-]+\\.)*localhost\\.?|127(\\.[0-9]{1,3}){3}|\\[(::1|0:0:0:0:0:0:0:1)\\])(:[0-9]*)?");

	private LoopbackHost() {
	}

	/**
	 * Whether a request may have been meant for the loopback address.
	 * @param host the value of its header {@code Host}, which browsers always send
	 * @return whether it is such a name, or missing
	 */
	static boolean matches(@Nullable String host) {
		return host == null || NAMES.matcher(host.trim().toLowerCase(Locale.ROOT)).matches();
	}

}
