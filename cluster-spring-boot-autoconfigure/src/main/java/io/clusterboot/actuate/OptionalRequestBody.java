package io.clusterboot.actuate;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.webmvc.actuate.endpoint.web.WebMvcEndpointHandlerMapping;
import org.springframework.web.servlet.mvc.condition.PathPatternsRequestCondition;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;

/**
 * Lets the operations of the {@link ClusterEndpoint} be called without a body, as in
 * {@code curl -X POST}. Spring Boot declares what a body may consist of for each
 * operation that has parameters, and Spring MVC then asks for a {@code Content-Type} even
 * where there is no body, unless it is told that none is required.
 */
public final class OptionalRequestBody implements BeanPostProcessor {

	private final String suffix;

	/**
	 * Create a post-processor.
	 * @param path path of the endpoint below that of all endpoints
	 */
	public OptionalRequestBody(String path) {
		this.suffix = "/" + path + "/{operation}";
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (bean instanceof WebMvcEndpointHandlerMapping mapping) {
			mapping.getHandlerMethods()
				.keySet()
				.stream()
				.filter(this::isOperation)
				.forEach((info) -> info.getConsumesCondition().setBodyRequired(false));
		}
		return bean;
	}

	private boolean isOperation(RequestMappingInfo info) {
		PathPatternsRequestCondition patterns = info.getPathPatternsCondition();
		return patterns != null
				&& patterns.getPatternValues().stream().anyMatch((pattern) -> pattern.endsWith(this.suffix));
	}

}
