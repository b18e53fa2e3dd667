package io.clusterboot.it;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Prometheus itself, which scrapes an application. No other parser is Prometheus' own.
 */
final class PrometheusServer implements AutoCloseable {

	private static final int UNAVAILABLE = 503;

	private final HttpClient client = HttpClient.newHttpClient();

	private final Process process;

	private final int port;

	private PrometheusServer(Process process, int port) {
		this.process = process;
		this.port = port;
	}

	/**
	 * Whether a program of Prometheus' is installed.
	 * @param program its name
	 * @return whether it is on the path
	 */
	static boolean isInstalled(String program) {
		return List.of(System.getenv("PATH").split(File.pathSeparator))
			.stream()
			.anyMatch((directory) -> Files.isExecutable(Path.of(directory, program)));
	}

	/**
	 * Scrape an application every two seconds.
	 * @param directory for the server's files
	 * @param scraped the port to scrape
	 * @param options options of the server
	 * @return the server
	 * @throws IOException if it cannot be started
	 */
	static PrometheusServer start(Path directory, int scraped, String... options) throws IOException {
		Files.createDirectories(directory);
		Path configuration = Files.writeString(directory.resolve("prometheus.yml"), """
				scrape_configs:
				  - job_name: app
				    metrics_path: /actuator/prometheus
				    scrape_interval: 2s
				    scrape_timeout: 2s
				    static_configs:
				      - targets: ['127.0.0.1:%d']
				""".formatted(scraped));
		int port = Ports.free();
		List<String> command = new ArrayList<>(List.of("prometheus", "--config.file=" + configuration,
				"--storage.tsdb.path=" + directory.resolve("data"), "--web.listen-address=127.0.0.1:" + port,
				"--log.level=warn"));
		command.addAll(List.of(options));
		Process process = new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(directory.resolve("log").toFile())
			.start();
		return new PrometheusServer(process, port);
	}

	/**
	 * What Prometheus says of its scrapes.
	 * @return {@code up} or {@code down}, and the last error
	 */
	String health() {
		JsonNode target = get("/api/v1/targets").at("/data/activeTargets/0");
		return target.path("health").asString("unknown") + " " + target.path("lastError").asString("");
	}

	/**
	 * Evaluate an expression.
	 * @param expression the expression
	 * @return the series of the result
	 * @throws IllegalArgumentException if Prometheus does not understand it
	 */
	List<JsonNode> query(String expression) {
		JsonNode answer = get("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
		if ("error".equals(answer.path("status").asString(""))) {
			throw new IllegalArgumentException(expression + ": " + answer.path("error").asString());
		}
		return answer.at("/data/result").valueStream().toList();
	}

	private JsonNode get(String path) {
		try {
			HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.port + path))
				.timeout(Deadlines.EVENT)
				.build();
			HttpResponse<String> response = this.client.send(request, HttpResponse.BodyHandlers.ofString());
			// it listens before it has read what it keeps
			return (response.statusCode() != UNAVAILABLE) ? JsonMapper.shared().readTree(response.body())
					: JsonMapper.shared().createObjectNode();
		}
		catch (IOException ex) {
			return JsonMapper.shared().createObjectNode();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			this.process.destroyForcibly();
		}
	}

}
