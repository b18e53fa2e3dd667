package io.clusterboot.node;

/**
 * Names that come out of Redis, where anybody may have written them who has its password.
 */
final class Names {

	/** Most characters of a name. A host name has 253 at the most. */
	static final int MOST = 300;

	/** Characters of a foreign text that a line of the log has at the most. */
	private static final int SHOWN = 400;

	private Names() {
	}

	/**
	 * Whether a text can be the name of a node.
	 */
	static boolean isValid(String name) {
		return !name.isBlank() && name.length() <= MOST && name.codePoints().noneMatch(Names::isHidden);
	}

	/**
	 * A text as it can be shown in one line of a log, and forges none.
	 */
	static String printable(String text) {
		StringBuilder shown = new StringBuilder();
		text.codePoints().limit(SHOWN).forEach((character) -> {
			if (isHidden(character)) {
				shown.append("\\u{%x}".formatted(character));
			}
			else {
				shown.appendCodePoint(character);
			}
		});
		return (text.codePointCount(0, text.length()) > SHOWN) ? shown + "…" : shown.toString();
	}

	/**
	 * Control characters, line ends, what changes the direction of writing, and halves of
	 * characters.
	 */
	private static boolean isHidden(int character) {
		return switch (Character.getType(character)) {
			case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
					Character.SURROGATE, Character.UNASSIGNED, Character.PRIVATE_USE ->
				true;
			default -> false;
		};
	}

}
