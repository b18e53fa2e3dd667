package io.clusterboot.messaging;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import io.clusterboot.protocol.Envelope.Delivery;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ReflectionUtils;

/**
 * A method of a bean that handles messages: it has a parameter for the payload, one of
 * type {@link ClusterMessage}, both or neither.
 */
public final class MessageMethod {

	private final Supplier<Object> bean;

	private final Method method;

	private final @Nullable Parameter payload;

	/**
	 * Create a method.
	 * @param bean gives the bean
	 * @param method the method, as it can be called on the bean
	 * @throws IllegalStateException if the method has parameters that cannot be filled
	 */
	public MessageMethod(Supplier<Object> bean, Method method) {
		this.bean = bean;
		this.method = method;
		this.payload = payload(method);
		ReflectionUtils.makeAccessible(method);
	}

	private static @Nullable Parameter payload(Method method) {
		Parameter payload = null;
		for (Parameter parameter : method.getParameters()) {
			if (parameter.getType() != ClusterMessage.class) {
				if (payload != null) {
					throw new IllegalStateException(
							"Method %s may have one parameter for the payload, and one of type ClusterMessage"
								.formatted(method.toGenericString()));
				}
				payload = parameter;
			}
		}
		return payload;
	}

	boolean hasReply() {
		return this.method.getReturnType() != void.class;
	}

	/**
	 * Read a message.
	 * @param message the message
	 * @param json its payload
	 * @param payloads reads it
	 * @return the arguments of a call
	 * @throws ClusterMessagingException if the payload cannot be read
	 */
	public @Nullable Object[] arguments(Delivery message, byte[] json, Payloads payloads) {
		return arguments(new ClusterMessage(message.from(), null, message.topic(), message.reply()), json, payloads);
	}

	/**
	 * Read a message.
	 * @param message where it comes from
	 * @param json its payload
	 * @param payloads reads it
	 * @return the arguments of a call
	 * @throws ClusterMessagingException if the payload cannot be read
	 */
	@Nullable Object[] arguments(ClusterMessage message, byte[] json, Payloads payloads) {
		Parameter[] parameters = this.method.getParameters();
		@Nullable Object[] arguments = new Object[parameters.length];
		for (int i = 0; i < parameters.length; i++) {
			arguments[i] = (parameters[i].equals(this.payload)) ? payloads
				.read("A message about '%s'".formatted(message.topic()), json, parameters[i].getParameterizedType())
					: message;
		}
		return arguments;
	}

	/**
	 * Call the method.
	 * @param arguments the arguments
	 * @return completes with what it returns, or with what it throws
	 */
	public CompletionStage<?> call(@Nullable Object[] arguments) {
		try {
			Object result = this.method.invoke(this.bean.get(), arguments);
			return (result instanceof CompletionStage<?> stage) ? stage : CompletableFuture.completedFuture(result);
		}
		catch (InvocationTargetException ex) {
			return CompletableFuture.failedFuture(ex.getTargetException());
		}
		catch (IllegalAccessException | RuntimeException ex) {
			// the bean cannot be created, or the arguments do not fit
			return CompletableFuture.failedFuture(ex);
		}
	}

	@Override
	public String toString() {
		return this.method.toGenericString();
	}

}
