package io.clusterboot.it;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

import javax.management.MBeanOperationInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

import io.clusterboot.it.Operations.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Who may look at the cluster may not control it, unless he has been given access, over
 * HTTP and over JMX alike.
 */
@ExtendWith(PrintOutputOnFailure.class)
class ControlAccessTests {

	private static final List<String> OPERATIONS = List.of("reload", "abort", "restart", "scale");

	private static final ObjectName ENDPOINT = endpoint();

	private static ObjectName endpoint() {
		try {
			return new ObjectName("org.springframework.boot:type=Endpoint,name=Cluster");
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A cluster of one worker, whose JMX port is the next after the primary's.
	 */
	private static ClusterProcessBuilder withJmx(int port) {
		return ClusterProcess.ports()
			.workers(1)
			.jvmOptions("-Dcom.sun.management.jmxremote.port=" + port,
					"-Dcom.sun.management.jmxremote.rmi.port=" + port,
					"-Dcom.sun.management.jmxremote.authenticate=false", "-Dcom.sun.management.jmxremote.ssl=false",
					"-Dcom.sun.management.jmxremote.host=127.0.0.1", "-Djava.rmi.server.hostname=127.0.0.1")
			.property("spring.jmx.enabled", true)
			.property("management.endpoints.jmx.exposure.include", "cluster")
			.property("cluster.reload.probation", "100ms")
			.property("cluster.drain.idle-grace", "100ms");
	}

	private static JMXConnector connect(int port) throws Exception {
		return JMXConnectorFactory
			.connect(new JMXServiceURL("service:jmx:rmi:///jndi/rmi://127.0.0.1:%d/jmxrmi".formatted(port + 1)));
	}

	private static List<String> operations(MBeanServerConnection server) throws Exception {
		return Arrays.stream(server.getMBeanInfo(ENDPOINT).getOperations()).map(MBeanOperationInfo::getName).toList();
	}

	@Test
	void endpointIsReadOnlyByDefault() throws Exception {
		int port = Ports.free(2);
		try (ClusterProcess cluster = withJmx(port).start()) {
			cluster.awaitReady();
			List<Long> workers = cluster.workerPids();
			for (String operation : OPERATIONS) {
				assertThat(new Operations(cluster).post(operation).status()).as(operation).isEqualTo(405);
			}
			assertThat(cluster.cluster().reload().state()).isEqualTo("IDLE");
			assertThat(cluster.workerPids()).isEqualTo(workers);
			try (JMXConnector connector = connect(port)) {
				assertThat(operations(connector.getMBeanServerConnection())).contains("cluster")
					.doesNotContainAnyElementsOf(OPERATIONS);
			}
		}
	}

	@Test
	void endpointWithAccessControlsTheClusterOverJmxToo() throws Exception {
		int port = Ports.free(2);
		try (ClusterProcess cluster = withJmx(port).property("management.endpoint.cluster.access", "unrestricted")
			.property("management.server.port", 0)
			.start()) {
			cluster.awaitReady();
			List<Long> before = cluster.workerPids();
			try (JMXConnector connector = connect(port)) {
				MBeanServerConnection server = connector.getMBeanServerConnection();
				assertThat(operations(server)).containsAll(OPERATIONS);
				assertThat(server.invoke(ENDPOINT, "scale", new Object[] { 1 }, new String[] { "java.lang.Integer" }))
					.isEqualTo(Map.of("configuredWorkers", 1));
				assertThatExceptionOfType(Exception.class)
					.isThrownBy(() -> server.invoke(ENDPOINT, "scale", new Object[] { 0 },
							new String[] { "java.lang.Integer" }))
					.withStackTraceContaining("from 1 to");
				server.invoke(ENDPOINT, "reload", new Object[0], new String[0]);
			}
			await().atMost(Deadlines.EVENT).until(() -> cluster.cluster().reload().trigger(), "JMX"::equals);
			Answer joined = new Operations(cluster).post("reload?wait=10m");
			assertThat(joined.status()).as("a management port takes operations without a body: %s", joined.body())
				.isEqualTo(200);
			assertThat(cluster.awaitReplaced(before).workers()).hasSize(1);
		}
	}

}
