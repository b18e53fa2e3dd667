package io.clusterboot.it.state;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * Adds controllers to an application.
 */
@Configuration(proxyBeanMethods = false)
@Import({ LockController.class, ShoutController.class })
public class StateConfiguration {

}
