package io.clusterboot.actuate;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.actuate.autoconfigure.endpoint.web.CorsEndpointProperties;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpRequest;
import org.springframework.http.server.PathContainer;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;

/**
 * Which requests are for the {@code cluster} endpoint or its dashboard, and which of them
 * are refused: those that may change something and of which the browser says that a page
 * of another origin has sent them. A page cannot have it say anything else. Whatever is
 * no browser says nothing about that, and passes. Thread-safe.
 */
public final class EndpointProtection {

	/** What a browser says of its own accord, over HTTPS and to this machine. */
	private static final String SITE = "Sec-Fetch-Site";

	/** A page of the same origin, or the user himself. */
	private static final Set<String> OWN = Set.of("same-origin", "none");

	private static final Set<HttpMethod> SAFE = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS,
			HttpMethod.TRACE);

	private static final byte[] REFUSAL = JsonMapper.builder()
		.build()
		.writeValueAsBytes(new ClusterOperations.Problem(
				"A page of another origin has sent this request, as its header Sec-Fetch-Site or Origin says. "
						+ "If it was the application's own page, behind a proxy, see server.forward-headers-strategy. "
						+ "management.endpoints.web.cors.allowed-origins lets other origins in"));

	private final SingletonSupplier<List<PathPattern>> paths;

	private final Supplier<@Nullable CorsEndpointProperties> cors;

	/**
	 * Create a protection.
	 * @param endpoints knows where endpoints are, once there are requests
	 * @param cors which other origins may call endpoints, if any may
	 */
	public EndpointProtection(Supplier<PathMappedEndpoints> endpoints,
			Supplier<@Nullable CorsEndpointProperties> cors) {
		this.paths = SingletonSupplier.of(() -> paths(endpoints.get()));
		this.cors = cors;
	}

	private static List<PathPattern> paths(PathMappedEndpoints endpoints) {
		return Stream.of("cluster", ClusterDashboardEndpoint.ID)
			.map((id) -> endpoints.getPath(EndpointId.of(id)))
			.filter(Objects::nonNull)
			.map((path) -> PathPatternParser.defaultInstance.parse(path + "/**"))
			.toList();
	}

	boolean covers(PathContainer path) {
		return this.paths.obtain().stream().anyMatch((pattern) -> pattern.matches(path));
	}

	/**
	 * Whether a request is to be refused. What browsers say of their own accord counts
	 * first: a proxy may have changed the name by which they know this server.
	 * @param request the request
	 * @param crossOrigin whether its header {@code Origin} is not that of this server
	 */
	boolean refuses(HttpRequest request, BooleanSupplier crossOrigin) {
		if (SAFE.contains(request.getMethod())) {
			return false;
		}
		HttpHeaders headers = request.getHeaders();
		String origin = headers.getOrigin();
		if (origin != null && isAllowed(origin)) {
			return false;
		}
		String site = headers.getFirst(SITE);
		return (site != null) ? !OWN.contains(site) : origin != null && isTrueOrUnknown(crossOrigin);
	}

	/**
	 * Spring refuses what is not allowed to such an origin.
	 */
	private boolean isAllowed(String origin) {
		CorsEndpointProperties properties = this.cors.get();
		CorsConfiguration allowed = (properties != null) ? properties.toCorsConfiguration() : null;
		return allowed != null && allowed.checkOrigin(origin) != null;
	}

	private static boolean isTrueOrUnknown(BooleanSupplier crossOrigin) {
		try {
			return crossOrigin.getAsBoolean();
		}
		catch (IllegalArgumentException ex) {
			// it is no URL
			return true;
		}
	}

	/**
	 * The body of an answer that refuses a request, as JSON.
	 */
	static byte[] refusal() {
		return REFUSAL.clone();
	}

}
