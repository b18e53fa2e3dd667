package io.clusterboot.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The application of the port tests as a jar that {@code java -jar} launches, for tests
 * that overwrite it. Its manifest refers to the libraries where they are: a version is
 * quickly made, and quickly copied.
 */
final class ExecutableJar {

	private ExecutableJar() {
	}

	/**
	 * A version of the application.
	 * @param properties what its {@code application.properties} says
	 * @return the content of the jar, which is the same for the same properties
	 */
	static byte[] version(String... properties) throws IOException {
		Map<String, byte[]> entries = new TreeMap<>(classes());
		entries.put("application.properties", String.join("\n", properties).getBytes(StandardCharsets.UTF_8));
		ByteArrayOutputStream jar = new ByteArrayOutputStream();
		try (JarOutputStream out = new JarOutputStream(jar)) {
			out.putNextEntry(entry("META-INF/MANIFEST.MF"));
			manifest().write(out);
			for (Map.Entry<String, byte[]> each : entries.entrySet()) {
				out.putNextEntry(entry(each.getKey()));
				out.write(each.getValue());
			}
		}
		return jar.toByteArray();
	}

	/**
	 * The classes of the package of the application and of those that it uses, with their
	 * directories, without which Spring would not find components.
	 */
	private static Map<String, byte[]> classes() throws IOException {
		Path root = testClasses();
		Map<String, byte[]> classes = new TreeMap<>();
		for (String name : List.of("app", "reactive")) {
			String directory = "io/clusterboot/it/" + name + "/";
			classes.put(directory, new byte[0]);
			try (Stream<Path> files = Files.list(root.resolve(directory))) {
				for (Path file : files.filter(Files::isRegularFile).toList()) {
					classes.put(directory + file.getFileName(), Files.readAllBytes(file));
				}
			}
		}
		return classes;
	}

	private static Path testClasses() throws IOException {
		try {
			return Path.of(ExecutableJar.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		}
		catch (URISyntaxException ex) {
			throw new IOException(ex);
		}
	}

	private static Manifest manifest() throws IOException {
		Path own = testClasses();
		Manifest manifest = new Manifest();
		Attributes attributes = manifest.getMainAttributes();
		attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
		attributes.put(Attributes.Name.MAIN_CLASS, TestServer.selected().application().getName());
		attributes.put(Attributes.Name.CLASS_PATH,
				TestClassPath.open(TestServer.selected())
					.stream()
					.map(Path::toAbsolutePath)
					.filter((entry) -> !entry.equals(own))
					.map((entry) -> entry.toUri().toString())
					.collect(Collectors.joining(" ")));
		return manifest;
	}

	/**
	 * Without the time of its creation.
	 */
	private static JarEntry entry(String name) {
		JarEntry entry = new JarEntry(name);
		entry.setTime(0);
		return entry;
	}

}
