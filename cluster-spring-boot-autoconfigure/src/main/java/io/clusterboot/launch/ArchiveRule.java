package io.clusterboot.launch;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * Class data archives and AOT caches: workers use them and never write them.
 */
final class ArchiveRule implements OptionRule {

	private static final Pattern WRITE = Pattern.compile("-XX:(?:AOTCacheOutput=.*|ArchiveClassesAtExit=.*"
			+ "|AOTMode=record|AOTConfiguration=.*|\\+AutoCreateSharedArchive)");

	private static final String READ = "-XX:SharedArchiveFile=";

	@Override
	public @Nullable String adapt(String option, int seat, Consumer<String> notes) {
		if (WRITE.matcher(option).matches()) {
			notes.accept("This worker goes without " + option + ": workers do not write archives. "
					+ "Record with cluster.enabled=false");
			return null;
		}
		// one that the user's JVM would have written at its exit does not exist yet
		if (option.startsWith(READ) && !allExist(option.substring(READ.length()))) {
			return null;
		}
		return option;
	}

	/**
	 * Whether an option names an archive to load classes from.
	 * @param option any option
	 * @return whether there is such an archive
	 */
	static boolean isRead(String option) {
		return option.startsWith(READ) && allExist(option.substring(READ.length()));
	}

	private static boolean allExist(String paths) {
		return Stream.of(paths.split(File.pathSeparator)).map(Path::of).allMatch(Files::exists);
	}

}
