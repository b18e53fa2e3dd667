package io.clusterboot.state;

import org.springframework.util.Assert;

/**
 * What things are called in Redis.
 *
 * @param prefix the beginning of all keys of the application
 */
record StateKeys(String prefix) {

	StateKeys {
		Assert.hasText(prefix, "'prefix' must not be empty");
	}

	String key(String kind, String name) {
		Assert.hasText(name, "'name' must not be empty");
		return all(kind) + ":" + name;
	}

	String all(String kind) {
		return this.prefix + ":" + kind;
	}

}
