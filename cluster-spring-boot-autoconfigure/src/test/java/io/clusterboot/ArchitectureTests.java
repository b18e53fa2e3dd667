package io.clusterboot;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

/**
 * Which package may know which. A new package has to be given its place here.
 */
class ArchitectureTests {

	private static final JavaClasses CLASSES = new ClassFileImporter()
		.withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
		.importPackages("io.clusterboot");

	@Test
	void dependenciesPointDownward() {
		layeredArchitecture().consideringOnlyDependenciesInLayers()
			.withOptionalLayers(true)
			.layer("autoconfigure")
			.definedBy("io.clusterboot.autoconfigure..")
			.layer("actuate")
			.definedBy("io.clusterboot.actuate..")
			.layer("advice")
			.definedBy("io.clusterboot.advice..")
			.layer("control")
			.definedBy("io.clusterboot.control..")
			.layer("node")
			.definedBy("io.clusterboot.node..")
			.layer("cache")
			.definedBy("io.clusterboot.cache..")
			.layer("task")
			.definedBy("io.clusterboot.task..")
			.layer("dashboard")
			.definedBy("io.clusterboot.dashboard..")
			.layer("metrics")
			.definedBy("io.clusterboot.metrics..")
			.layer("state")
			.definedBy("io.clusterboot.state..")
			.layer("messaging")
			.definedBy("io.clusterboot.messaging..")
			.layer("event")
			.definedBy("io.clusterboot.event..")
			.layer("scheduling")
			.definedBy("io.clusterboot.scheduling..")
			.layer("worker")
			.definedBy("io.clusterboot.worker..")
			.layer("redis")
			.definedBy("io.clusterboot.redis..")
			.layer("primary")
			.definedBy("io.clusterboot.primary..")
			.layer("balancing")
			.definedBy("io.clusterboot.balancing..")
			.layer("launch")
			.definedBy("io.clusterboot.launch..")
			.layer("protocol")
			.definedBy("io.clusterboot.protocol..")
			.layer("os")
			.definedBy("io.clusterboot.os..")
			.layer("root")
			.definedBy("io.clusterboot")
			.whereLayer("actuate")
			.mayOnlyAccessLayers("control", "dashboard", "messaging", "metrics", "node", "state", "worker", "protocol",
					"root")
			.whereLayer("advice")
			.mayOnlyAccessLayers("scheduling", "root")
			.whereLayer("node")
			.mayOnlyAccessLayers("control", "messaging", "state", "worker", "protocol")
			.whereLayer("control")
			.mayOnlyAccessLayers("worker", "protocol", "root")
			.whereLayer("task")
			.mayOnlyAccessLayers("messaging", "protocol", "root")
			.whereLayer("cache")
			.mayOnlyAccessLayers("messaging", "root")
			.whereLayer("state")
			.mayOnlyAccessLayers("root")
			.whereLayer("messaging")
			.mayOnlyAccessLayers("worker", "protocol", "root")
			.whereLayer("dashboard")
			.mayNotAccessAnyLayer()
			.whereLayer("metrics")
			.mayOnlyAccessLayers("protocol")
			.whereLayer("event")
			.mayOnlyAccessLayers("worker", "protocol", "root")
			.whereLayer("scheduling")
			.mayOnlyAccessLayers("worker", "protocol", "root")
			.whereLayer("worker")
			.mayOnlyAccessLayers("balancing", "protocol", "os", "root")
			.whereLayer("primary")
			.mayOnlyAccessLayers("balancing", "dashboard", "launch", "metrics", "protocol", "redis", "os", "root")
			.whereLayer("redis")
			.mayOnlyAccessLayers("protocol", "root")
			.whereLayer("balancing")
			.mayNotAccessAnyLayer()
			.whereLayer("launch")
			.mayOnlyAccessLayers("protocol", "os", "root")
			.whereLayer("protocol")
			.mayOnlyAccessLayers("root")
			.whereLayer("os")
			.mayNotAccessAnyLayer()
			.whereLayer("root")
			.mayNotAccessAnyLayer()
			.ensureAllClassesAreContainedInArchitecture()
			.check(CLASSES);
	}

	@Test
	void packagesHaveNoCycles() {
		slices().matching("io.clusterboot.(**)").should().beFreeOfCycles().allowEmptyShould(true).check(CLASSES);
	}

	@Test
	void onlyTheTomcatAdapterKnowsTomcat() {
		noClasses().that()
			.resideOutsideOfPackage("io.clusterboot.worker.tomcat..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.apache.catalina..", "org.apache.coyote..", "org.apache.tomcat..")
			.check(CLASSES);
	}

	@Test
	void onlyTheJettyAdapterKnowsJetty() {
		noClasses().that()
			.resideOutsideOfPackage("io.clusterboot.worker.jetty..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.eclipse.jetty..")
			.check(CLASSES);
	}

	/**
	 * Lettuce is made of it, and does not say how to use another kind of socket.
	 */
	@Test
	void onlyTheNettyAdapterKnowsNetty() {
		noClasses().that()
			.resideOutsideOfPackage("io.clusterboot.worker.netty..")
			.and()
			.doNotHaveFullyQualifiedName("io.clusterboot.state.DomainSocketClient")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("io.netty..", "reactor.netty..")
			.check(CLASSES);
	}

	@Test
	void thePrimaryNeedsNoApplicationContext() {
		noClasses().that()
			.resideInAnyPackage("io.clusterboot.primary..", "io.clusterboot.redis..", "io.clusterboot.protocol..")
			.should()
			.dependOnClassesThat()
			.resideInAnyPackage("org.springframework.context..", "org.springframework.beans..",
					"org.springframework.web..")
			.allowEmptyShould(true)
			.check(CLASSES);
	}

	@Test
	void everyPackageIsNullMarked() {
		classes().should(resideInNullMarkedPackage()).check(CLASSES);
	}

	private static ArchCondition<JavaClass> resideInNullMarkedPackage() {
		return new ArchCondition<>("reside in a package with @NullMarked") {

			@Override
			public void check(JavaClass item, ConditionEvents events) {
				events.add(new SimpleConditionEvent(item, item.getPackage().isAnnotatedWith(NullMarked.class),
						"%s is in package %s".formatted(item.getName(), item.getPackageName())));
			}

		};
	}

}
