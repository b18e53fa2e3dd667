package io.clusterboot.it;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.awaitility.Awaitility.await;

/**
 * Chromium without a window, driven by its own protocol: one page, and what it complains
 * of.
 */
final class Browser implements AutoCloseable {

	private static final Pattern ADDRESS = Pattern.compile("DevTools listening on (ws://\\S+)");

	private final Process process;

	private final WebSocket socket;

	private final Map<Integer, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();

	private final AtomicInteger numbers = new AtomicInteger();

	private final List<String> complaints = new CopyOnWriteArrayList<>();

	private String session;

	private Browser(Process process, String address) {
		this.process = process;
		this.socket = HttpClient.newHttpClient()
			.newWebSocketBuilder()
			.buildAsync(URI.create(address), new Listener())
			.join();
	}

	/**
	 * The browser's program.
	 * @return the program, if it is installed
	 */
	static Optional<Path> installed() {
		return Stream.of(System.getenv("PATH").split(File.pathSeparator))
			.flatMap((directory) -> Stream.of("chromium", "chromium-browser", "google-chrome")
				.map((name) -> Path.of(directory, name)))
			.filter(Files::isExecutable)
			.findFirst();
	}

	/**
	 * Start a browser with an empty page.
	 * @param profile directory for its files
	 * @return the browser
	 */
	static Browser start(Path profile) throws IOException {
		ProcessBuilder builder = new ProcessBuilder(installed().orElseThrow().toString(), "--headless=new",
				"--no-sandbox", "--disable-gpu", "--disable-features=BackForwardCache",
				"--disable-background-networking", "--disable-component-update", "--disable-sync",
				"--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--remote-debugging-port=0",
				"--remote-allow-origins=*", "--user-data-dir=" + profile, "about:blank")
			.redirectErrorStream(true);
		builder.environment().put("TMPDIR", profile.toString());
		Process process = builder.start();
		try {
			Browser browser = new Browser(process, address(process));
			browser.attach();
			return browser;
		}
		catch (RuntimeException | IOException ex) {
			process.destroyForcibly();
			throw ex;
		}
	}

	private static String address(Process process) throws IOException {
		BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
		for (String line = output.readLine(); line != null; line = output.readLine()) {
			Matcher address = ADDRESS.matcher(line);
			if (address.find()) {
				drain(output);
				return address.group(1);
			}
		}
		throw new IOException("Chromium did not start");
	}

	private static void drain(BufferedReader output) {
		Thread thread = new Thread(() -> output.lines().forEach((line) -> {
		}), "chromium-output");
		thread.setDaemon(true);
		thread.start();
	}

	private void attach() {
		String target = command("Target.createTarget", Map.of("url", "about:blank")).get("targetId").asString();
		this.session = command("Target.attachToTarget", Map.of("targetId", target, "flatten", true)).get("sessionId")
			.asString();
		for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
			command(domain + ".enable", Map.of());
		}
	}

	/**
	 * Show the page as on another screen.
	 * @param width width in CSS pixels
	 * @param height height
	 * @param mobile whether it is a phone
	 * @param scheme {@code light} or {@code dark}
	 */
	void screen(int width, int height, boolean mobile, String scheme) {
		command("Emulation.setDeviceMetricsOverride",
				Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", mobile));
		command("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
	}

	/**
	 * Send headers with every request.
	 * @param headers the headers
	 */
	void headers(Map<String, String> headers) {
		command("Network.setExtraHTTPHeaders", Map.of("headers", headers));
	}

	/**
	 * Run a script in each page before the page's own ones.
	 * @param script the script
	 */
	void runBeforeEachPage(String script) {
		command("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script));
	}

	/**
	 * Open a page in place of the one that is there, and wait until it has been loaded.
	 */
	void open(String url) {
		evaluate("window.former = true");
		command("Page.navigate", Map.of("url", url));
		// there is a moment without any page
		await().ignoreExceptions()
			.until(() -> evaluate("!window.former && document.readyState == 'complete'").asBoolean());
	}

	/**
	 * Evaluate an expression in the page.
	 * @param expression the expression
	 * @return its value
	 */
	JsonNode evaluate(String expression) {
		JsonNode result = command("Runtime.evaluate",
				Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
		if (result.has("exceptionDetails")) {
			throw new IllegalStateException(expression + ": " + result.get("exceptionDetails"));
		}
		return result.at("/result/value");
	}

	/**
	 * Wait until an expression is true in the page.
	 * @param expression the expression
	 */
	void awaitTrue(String expression) {
		await().atMost(Deadlines.EVENT)
			.pollInterval(Duration.ofMillis(50))
			.until(() -> evaluate(expression).asBoolean(false));
	}

	void focusAndPressEnter(String id) {
		evaluate("document.getElementById('%s').focus()".formatted(id));
		press("Enter", "\r");
	}

	/**
	 * Press a key, as on a keyboard.
	 * @param key name of the key
	 * @param text what it types, if anything
	 */
	void press(String key, String text) {
		int code = Map.of("Tab", 9, "Enter", 13, "Escape", 27).getOrDefault(key, 0);
		Map<String, Object> event = Map.of("key", key, "code", key, "windowsVirtualKeyCode", code, "text", text);
		for (String type : List.of("keyDown", "keyUp")) {
			Map<String, Object> typed = new HashMap<>(event);
			typed.put("type", type);
			command("Input.dispatchKeyEvent", typed);
		}
	}

	/**
	 * The roles and names that a screen reader is told.
	 * @return {@code role name}, for all that has both
	 */
	List<String> accessible() {
		return command("Accessibility.getFullAXTree", Map.of()).get("nodes")
			.valueStream()
			.map((node) -> node.at("/role/value").asString("") + " " + node.at("/name/value").asString(""))
			.toList();
	}

	/**
	 * What the page has complained of: errors and warnings on the console, exceptions.
	 * @return the complaints
	 */
	List<String> complaints() {
		return List.copyOf(this.complaints);
	}

	/**
	 * Take a picture of the page.
	 * @param file where to
	 */
	void picture(Path file) throws IOException {
		Files.write(file, Base64.getDecoder()
			.decode(command("Page.captureScreenshot", Map.of("format", "png")).get("data").asString()));
	}

	private JsonNode command(String method, Map<String, ?> parameters) {
		int number = this.numbers.incrementAndGet();
		CompletableFuture<JsonNode> answer = new CompletableFuture<>();
		this.pending.put(number, answer);
		Map<String, Object> message = new HashMap<>(Map.of("id", number, "method", method, "params", parameters));
		if (this.session != null) {
			message.put("sessionId", this.session);
		}
		this.socket.sendText(JsonMapper.shared().writeValueAsString(message), true).join();
		try {
			JsonNode response = answer.get(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS);
			if (response.has("error")) {
				throw new IllegalStateException(method + ": " + response.get("error"));
			}
			return response.get("result");
		}
		catch (ExecutionException | TimeoutException ex) {
			throw new IllegalStateException(method + " was not answered", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private void received(JsonNode message) {
		if (message.has("id")) {
			CompletableFuture<JsonNode> answer = this.pending.remove(message.get("id").asInt());
			if (answer != null) {
				answer.complete(message);
			}
			return;
		}
		switch (message.path("method").asString("")) {
			case "Log.entryAdded" -> complain(message.at("/params/entry/level"), message.at("/params/entry"));
			case "Runtime.consoleAPICalled" -> complain(message.at("/params/type"), message.at("/params/args"));
			case "Runtime.exceptionThrown" -> this.complaints.add(message.get("params").toString());
			default -> {
			}
		}
	}

	private void complain(JsonNode level, JsonNode details) {
		if (level.asString("").startsWith("err") || level.asString("").startsWith("warn")) {
			this.complaints.add(details.toString());
		}
	}

	@Override
	public void close() {
		this.socket.abort();
		Stream.concat(this.process.descendants(), Stream.of(this.process.toHandle())).forEach(ProcessHandle::destroy);
		try {
			if (!this.process.waitFor(Deadlines.EVENT.toSeconds(), TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private final class Listener implements WebSocket.Listener {

		private final StringBuilder text = new StringBuilder();

		@Override
		public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
			this.text.append(data);
			if (last) {
				JsonNode message = JsonMapper.shared().readTree(this.text.toString());
				this.text.setLength(0);
				received(message);
			}
			socket.request(1);
			return null;
		}

	}

}
