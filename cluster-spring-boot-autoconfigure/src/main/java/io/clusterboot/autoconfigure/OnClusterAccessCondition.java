package io.clusterboot.autoconfigure;

import org.springframework.boot.actuate.autoconfigure.endpoint.PropertiesEndpointAccessResolver;
import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches unless all access to the {@code cluster} endpoint is denied, whether or not it
 * is exposed.
 */
class OnClusterAccessCondition extends SpringBootCondition {

	private static final EndpointId CLUSTER = EndpointId.of("cluster");

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		Access access = new PropertiesEndpointAccessResolver(context.getEnvironment()).accessFor(CLUSTER,
				Access.READ_ONLY);
		return new ConditionOutcome(access != Access.NONE,
				ConditionMessage.forCondition("Access to the cluster endpoint").because("it is " + access));
	}

}
