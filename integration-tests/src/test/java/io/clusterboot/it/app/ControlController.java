package io.clusterboot.it.app;

import java.util.concurrent.CompletableFuture;

import io.clusterboot.control.ClusterControl;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Controls the cluster from the application's own code.
 */
@RestController
class ControlController {

	private final ObjectProvider<ClusterControl> control;

	ControlController(ObjectProvider<ClusterControl> control) {
		this.control = control;
	}

	@PostMapping("/control/reload")
	CompletableFuture<String> reload() {
		return this.control.getObject()
			.reload()
			.handle((reload, failure) -> (failure != null) ? failure.toString() : reload.state().toString());
	}

	@PostMapping("/control/restart/{id}")
	CompletableFuture<String> restart(@PathVariable int id) {
		return this.control.getObject()
			.restart(id)
			.handle((restart, failure) -> (failure != null) ? failure.toString() : restart.state().toString());
	}

	@PostMapping("/control/scale/{workers}")
	CompletableFuture<String> scale(@PathVariable int workers) {
		return this.control.getObject()
			.scale(workers)
			.handle((now, failure) -> (failure != null) ? failure.toString() : now.toString());
	}

}
