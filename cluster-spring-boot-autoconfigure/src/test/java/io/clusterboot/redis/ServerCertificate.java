package io.clusterboot.redis;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A self-signed certificate for a server, made with the running JDK's keytool, as Redis
 * wants it: in PEM files.
 *
 * @param certificate file of the certificate, which is its own authority
 * @param privateKey file of its private key
 */
public record ServerCertificate(Path certificate, Path privateKey) {

	private static final String PASSWORD = "changeit";

	private static final String ALIAS = "server";

	/**
	 * Create a certificate.
	 * @param directory where its files are put
	 * @param address the IP address of the server
	 * @return the certificate
	 * @throws Exception if that fails
	 */
	public static ServerCertificate create(Path directory, String address) throws Exception {
		Path file = directory.resolve("server.p12");
		Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
		Process process = new ProcessBuilder(keytool.toString(), "-genkeypair", "-alias", ALIAS, "-keyalg", "EC",
				"-storetype", "PKCS12", "-keystore", file.toString(), "-storepass", PASSWORD, "-dname", "CN=redis",
				"-ext", "san=ip:" + address)
			.redirectErrorStream(true)
			.start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
		KeyStore store = KeyStore.getInstance("PKCS12");
		try (InputStream stream = Files.newInputStream(file)) {
			store.load(stream, PASSWORD.toCharArray());
		}
		return new ServerCertificate(
				pem(directory.resolve("server.crt"), "CERTIFICATE", store.getCertificate(ALIAS).getEncoded()),
				pem(directory.resolve("server.key"), "PRIVATE KEY",
						store.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()));
	}

	private static Path pem(Path file, String type, byte[] encoded) throws Exception {
		String body = Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(encoded);
		return Files.writeString(file, "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(type, body));
	}

}
