package io.clusterboot.redis;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

import org.springframework.util.FileSystemUtils;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Another user of the machine, who tries to get at the UNIX sockets of a directory.
 */
public final class Intruder {

	private static final String NOBODY = "65534";

	private Intruder() {
	}

	/**
	 * The intruder's own process. It needs nothing but the JDK.
	 * @param args a directory, and the name of a socket in it
	 */
	public static void main(String[] args) {
		Path directory = Path.of(args[0]);
		System.out.print(connects(directory.resolve(args[1])) ? "connected" : "refused");
		System.out.print(listens(directory.resolve("intruder.sock")) ? " listens" : " cannot listen");
	}

	private static boolean connects(Path socket) {
		try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
			return channel.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static boolean listens(Path socket) {
		try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			channel.bind(UnixDomainSocketAddress.of(socket));
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Let another user try, or abort the test where this user cannot become another one.
	 * @param socket the socket
	 * @return what has come of it
	 */
	static String attack(Path socket) throws IOException, InterruptedException {
		assumeTrue(String.valueOf(Files.getAttribute(Path.of("/proc/self"), "unix:uid")).equals("0"),
				"only root can become another user");
		Path home = open(Files.createTempDirectory(Path.of("/tmp"), "intruder-"));
		try {
			String name = Intruder.class.getName().replace('.', '/') + ".class";
			Path copy = home.resolve(name);
			Files.createDirectories(copy.getParent());
			Files.copy(Path.of(Intruder.class.getProtectionDomain().getCodeSource().getLocation().getPath(), name),
					copy, StandardCopyOption.COPY_ATTRIBUTES);
			for (Path path = copy; !path.equals(home); path = path.getParent()) {
				open(path);
			}
			Process process = new ProcessBuilder(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY,
					"--clear-groups", System.getProperty("java.home") + "/bin/java", "-XX:TieredStopAtLevel=1", "-cp",
					home.toString(), Intruder.class.getName(), socket.getParent().toString(),
					socket.getFileName().toString()))
				.redirectErrorStream(true)
				.start();
			String output = new String(process.getInputStream().readAllBytes(), UTF_8);
			assertThat(process.waitFor()).as(output).isZero();
			return output;
		}
		finally {
			FileSystemUtils.deleteRecursively(home);
		}
	}

	/**
	 * Let other users enter a directory, or read a file.
	 * @param path the directory or file
	 * @return the same
	 */
	static Path open(Path path) throws IOException {
		return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
	}

}
