package io.clusterboot.actuate;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.webflux.actuate.endpoint.web.WebFluxEndpointHandlerMapping;
import org.springframework.web.reactive.result.method.RequestMappingInfo;

/**
 * Lets the operations of the {@link ClusterEndpoint} be called without a body in a
 * reactive application. Spring WebFlux has its own classes for what
 * {@link OptionalRequestBody} does.
 */
public final class OptionalReactiveRequestBody implements BeanPostProcessor {

	private final String suffix;

	/**
	 * Create a post-processor.
	 * @param path path of the endpoint below that of all endpoints
	 */
	public OptionalReactiveRequestBody(String path) {
		this.suffix = "/" + path + "/{operation}";
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof WebFluxEndpointHandlerMapping mapping) {
			mapping.getHandlerMethods()
				.keySet()
				.stream()
				.filter(this::isOperation)
				.forEach((info) -> info.getConsumesCondition().setBodyRequired(false));
		}
		return bean;
	}

	private boolean isOperation(RequestMappingInfo info) {
		return info.getPatternsCondition()
			.getPatterns()
			.stream()
			.anyMatch((pattern) -> pattern.getPatternString().endsWith(this.suffix));
	}

}
