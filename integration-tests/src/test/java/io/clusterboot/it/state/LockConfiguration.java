package io.clusterboot.it.state;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * Adds a controller to an application.
 */
@Configuration(proxyBeanMethods = false)
@Import(LockController.class)
public class LockConfiguration {

}
