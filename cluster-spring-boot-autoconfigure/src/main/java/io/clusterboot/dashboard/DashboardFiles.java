package io.clusterboot.dashboard;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

/**
 * The page and what it needs: files of this jar, and nothing from elsewhere.
 */
public final class DashboardFiles {

	/**
	 * Headers of all answers to requests for the page, its files and what it shows: they
	 * are kept nowhere, are what they say, and are shown in no frame, where another page
	 * could have clicks land on buttons.
	 */
	public static final Map<String, String> HEADERS = Map.of("Cache-Control", "no-store", "X-Content-Type-Options",
			"nosniff", "X-Frame-Options", "DENY", "Content-Security-Policy",
			"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
					+ "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

	private static final Map<String, String> TYPES = Map.of("dashboard.js", "text/javascript;charset=utf-8",
			"dashboard.css", "text/css;charset=utf-8", "icon.svg", "image/svg+xml");

	private static final String HTML = "text/html;charset=utf-8";

	/**
	 * Stands in the page for the last segment of its own path, below which the files are.
	 */
	private static final String BASE = "{base}";

	/** Stands in the page for where the operations are. */
	private static final String OPERATIONS = "{operations}";

	/** Stands in the page for whether there are server-sent events. */
	private static final String LIVE = "{live}";

	private DashboardFiles() {
	}

	/**
	 * The page.
	 * @param base last segment of the path of the page; its files, {@code state} and
	 * {@code events} are below it
	 * @param operations link to the endpoint whose operations the page may call
	 * @param live whether there are server-sent events, or else only {@code state}
	 * @return the page
	 */
	public static File page(String base, String operations, boolean live) {
		String html = new String(read("dashboard.html"), StandardCharsets.UTF_8);
		return new File(HTML,
				html.replace(BASE, base)
					.replace(OPERATIONS, operations)
					.replace(LIVE, Boolean.toString(live))
					.getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * One of the files that the page needs.
	 * @param name its name
	 * @return the file, or {@code null} if there is none of that name
	 */
	public static @Nullable File file(String name) {
		String type = TYPES.get(name);
		return (type != null) ? new File(type, read(name)) : null;
	}

	/**
	 * The files that the page needs.
	 * @return the files, by name
	 */
	public static Map<String, File> all() {
		return TYPES.entrySet()
			.stream()
			.collect(Collectors.toUnmodifiableMap(Map.Entry::getKey,
					(entry) -> new File(entry.getValue(), read(entry.getKey()))));
	}

	private static byte[] read(String name) {
		try (InputStream in = DashboardFiles.class.getResourceAsStream(name)) {
			if (in == null) {
				throw new IllegalStateException("%s is missing in the jar".formatted(name));
			}
			return in.readAllBytes();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * A file.
	 *
	 * @param type its media type
	 * @param content its content
	 */
	public record File(String type, byte[] content) {
	}

}
