package io.clusterboot.primary;

import java.util.LinkedHashMap;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

import org.springframework.util.ClassUtils;

/**
 * Logs what happens in the cluster: in words, and with key-value pairs, which Boot's
 * structured logging shows as fields. An application that logs with java.util.logging
 * alone has no SLF4J and gets the words.
 */
final class EventLog {

	private static final boolean PAIRS = ClassUtils.isPresent("org.slf4j.spi.LoggingEventBuilder",
			EventLog.class.getClassLoader());

	private final Class<?> source;

	private final Log log;

	private EventLog(Class<?> source) {
		this.source = source;
		this.log = LogFactory.getLog(source);
	}

	/**
	 * The log of a class.
	 * @param source the class
	 * @return the log
	 */
	static EventLog of(Class<?> source) {
		return new EventLog(source);
	}

	/**
	 * Something has happened.
	 * @param name what, as in {@code worker-exited}
	 * @return what is to be completed and logged
	 */
	Event event(String name) {
		return new Event(this).with("event", name);
	}

	/**
	 * Something that has happened.
	 */
	static final class Event {

		private static final String PREFIX = "cluster.";

		private final EventLog target;

		private final Map<String, Object> pairs = new LinkedHashMap<>();

		private Event(EventLog target) {
			this.target = target;
		}

		/**
		 * Add a pair.
		 * @param key the key, below {@code cluster}
		 * @param value the value; without one there is no pair
		 * @return this
		 */
		Event with(String key, @Nullable Object value) {
			if (value != null) {
				this.pairs.put(PREFIX + key, value);
			}
			return this;
		}

		/**
		 * Add what identifies a worker.
		 * @param worker the worker
		 * @return this
		 */
		Event worker(WorkerHandle worker) {
			return with("worker.id", worker.id()).with("worker.index", worker.index())
				.with("worker.pid", worker.pid())
				.with("worker.generation", worker.generation());
		}

		/**
		 * Add what identifies a reload or another replacement of workers.
		 * @param rollout the reload
		 * @return this
		 */
		Event rollout(Rollout rollout) {
			return with("reload.id", rollout.id()).with("reload.kind", rollout.kind().name())
				.with("reload.trigger", rollout.trigger())
				.with("reload.state", rollout.reload().state().name());
		}

		void info(String message) {
			log(Level.INFO, message);
		}

		void warn(String message) {
			log(Level.WARN, message);
		}

		void error(String message) {
			log(Level.ERROR, message);
		}

		private void log(Level level, String message) {
			if (PAIRS) {
				Pairs.log(this.target.source, level, this.pairs, message);
				return;
			}
			switch (level) {
				case INFO -> this.target.log.info(message);
				case WARN -> this.target.log.warn(message);
				case ERROR -> this.target.log.error(message);
			}
		}

	}

	private enum Level {

		INFO, WARN, ERROR

	}

	/**
	 * All that knows SLF4J.
	 */
	private static final class Pairs {

		static void log(Class<?> source, Level level, Map<String, Object> pairs, String message) {
			LoggingEventBuilder event = LoggerFactory.getLogger(source)
				.atLevel(org.slf4j.event.Level.valueOf(level.name()));
			pairs.forEach(event::addKeyValue);
			event.log(message);
		}

	}

}
