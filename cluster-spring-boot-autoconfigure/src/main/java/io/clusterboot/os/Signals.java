package io.clusterboot.os;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.IntConsumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Signals sent to this process. The JDK supports handling them with
 * {@code sun.misc.Signal}, in the module {@code jdk.unsupported}, until there is a
 * standard way (JEP 260). It is called by reflection because the compiler's warning about
 * it cannot be suppressed.
 */
public final class Signals {

	private static final Log logger = LogFactory.getLog(Signals.class);

	private Signals() {
	}

	/**
	 * Have a signal reported instead of what it would do. If the JVM does not allow that,
	 * as with {@code -Xrs}, it is logged and the signal does what it would.
	 * @param name name of the signal without SIG
	 * @param handler gets the signal's number, on a thread of its own; must not block
	 */
	public static void handle(String name, IntConsumer handler) {
		try {
			Class<?> signalType = Class.forName("sun.misc.Signal");
			Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
			Object signal = signalType.getConstructor(String.class).newInstance(name);
			int number = (int) signalType.getMethod("getNumber").invoke(signal);
			Object proxy = Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] { handlerType },
					(self, method, arguments) -> call(self, method, arguments, () -> handler.accept(number)));
			signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, proxy);
		}
		catch (InvocationTargetException ex) {
			notHandled(name, ex.getCause());
		}
		catch (ReflectiveOperationException ex) {
			notHandled(name, ex);
		}
	}

	private static @Nullable Object call(Object self, Method method, Object @Nullable [] arguments, Runnable handler) {
		switch (method.getName()) {
			case "handle" -> handler.run();
			case "equals" -> {
				return arguments != null && self == arguments[0];
			}
			case "hashCode" -> {
				return System.identityHashCode(self);
			}
			default -> {
				return method.getName();
			}
		}
		return null;
	}

	private static void notHandled(String name, @Nullable Throwable cause) {
		logger.warn("SIG%s ends this process at once, since it cannot be handled: %s".formatted(name, cause));
	}

}
