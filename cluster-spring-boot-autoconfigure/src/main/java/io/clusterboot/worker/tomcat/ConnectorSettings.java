package io.clusterboot.worker.tomcat;

import java.beans.PropertyDescriptor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Objects;
import java.util.Set;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.AbstractProtocol;
import org.apache.coyote.UpgradeProtocol;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.AbstractEndpoint;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SSLHostConfig;

import org.springframework.beans.BeanWrapper;
import org.springframework.beans.PropertyAccessorFactory;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

/**
 * Copies what an application has set on a connector. Only what differs from a new one is
 * copied: to set a property to its default is not always the same as not to set it.
 */
final class ConnectorSettings {

	/**
	 * Properties that are no settings: one getter creates what it returns, the handler
	 * belongs to its endpoint.
	 */
	private static final Set<String> NO_SETTINGS = Set.of("utilityExecutor", "handler");

	private ConnectorSettings() {
	}

	static void copy(Connector original, Connector copy) {
		copyChanged(original, copy);
		for (SSLHostConfig host : original.findSslHostConfigs()) {
			copy.addSslHostConfig(host);
		}
		for (UpgradeProtocol upgrade : original.findUpgradeProtocols()) {
			copy.addUpgradeProtocol(upgrade);
		}
	}

	static void copy(Http11NioProtocol original, SharedHttp11NioProtocol copy) {
		NioEndpoint endpoint = endpointOf(original);
		copyChanged(endpoint.getSocketProperties(), copy.endpoint().getSocketProperties());
		copyChanged(endpoint, copy.endpoint());
		copyMaxKeepAliveRequests(endpoint, copy.endpoint());
		copyChanged(original, copy);
	}

	private static void copyChanged(Object original, Object copy) {
		BeanWrapper from = PropertyAccessorFactory.forBeanPropertyAccess(original);
		BeanWrapper to = PropertyAccessorFactory.forBeanPropertyAccess(copy);
		for (PropertyDescriptor property : from.getPropertyDescriptors()) {
			String name = property.getName();
			if (NO_SETTINGS.contains(name) || !from.isReadableProperty(name) || !to.isReadableProperty(name)
					|| !to.isWritableProperty(name)) {
				continue;
			}
			Object value = from.getPropertyValue(name);
			if (!Objects.equals(value, to.getPropertyValue(name))) {
				to.setPropertyValue(name, value);
			}
		}
	}

	/**
	 * The getter answers 1 until the endpoint is bound.
	 */
	private static void copyMaxKeepAliveRequests(NioEndpoint original, NioEndpoint copy) {
		Field field = ReflectionUtils.findField(AbstractEndpoint.class, "maxKeepAliveRequests");
		Assert.state(field != null, "This version of Tomcat has no AbstractEndpoint.maxKeepAliveRequests");
		ReflectionUtils.makeAccessible(field);
		ReflectionUtils.setField(field, copy, ReflectionUtils.getField(field, original));
	}

	private static NioEndpoint endpointOf(Http11NioProtocol protocol) {
		Method method = ReflectionUtils.findMethod(AbstractProtocol.class, "getEndpoint");
		Assert.state(method != null, "This version of Tomcat has no AbstractProtocol.getEndpoint()");
		ReflectionUtils.makeAccessible(method);
		NioEndpoint endpoint = (NioEndpoint) ReflectionUtils.invokeMethod(method, protocol);
		Assert.state(endpoint != null, "A protocol handler has an endpoint from the beginning");
		return endpoint;
	}

}
