package io.clusterboot.launch;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplication;

/**
 * Remembers which application of this JVM started first. Only that one's start can be
 * repeated by launching the process again; those that start later, such as Spring Cloud's
 * bootstrap application within the first one's, are consequences of it.
 */
final class FirstApplication {

	private final AtomicReference<@Nullable WeakReference<SpringApplication>> first = new AtomicReference<>();

	void starting(SpringApplication application) {
		this.first.compareAndSet(null, new WeakReference<>(application));
	}

	boolean is(SpringApplication application) {
		WeakReference<SpringApplication> reference = this.first.get();
		return reference == null || reference.get() == application;
	}

}
