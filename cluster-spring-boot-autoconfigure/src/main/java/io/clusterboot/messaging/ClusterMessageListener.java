package io.clusterboot.messaging;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks a method of a bean that receives the messages about a topic which other workers
 * send with {@link ClusterMessaging}.
 * <p>
 * The method may have a parameter of any type for the payload, which is read from JSON
 * with the application's own mapper, and one of type {@link ClusterMessage}, in any
 * order. What it returns is the reply to a
 * {@linkplain ClusterMessaging#request(int, String, Object, Class, java.time.Duration)
 * request}; it may return a {@link java.util.concurrent.CompletionStage} of it. What it
 * throws is the failure of a request, and is logged otherwise.
 * <p>
 * The messages of one sender are handled one after the other, in the order in which they
 * were sent; those of different senders at the same time.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective
public @interface ClusterMessageListener {

	/**
	 * The topic.
	 * @return the topic, compared as it is
	 */
	String topic();

}
