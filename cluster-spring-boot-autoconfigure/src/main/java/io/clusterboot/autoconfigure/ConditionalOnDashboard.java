package io.clusterboot.autoconfigure;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.clusterboot.actuate.ClusterDashboardEndpoint;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.context.annotation.Conditional;

/**
 * Matches in a worker whose dashboard may be looked at. It shows what the {@code cluster}
 * endpoint tells, so that nobody may who has no access to that.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@ConditionalOnWorker
@ConditionalOnAvailableEndpoint(ClusterDashboardEndpoint.class)
@Conditional(OnClusterAccessCondition.class)
@interface ConditionalOnDashboard {

}
