package io.clusterboot.protocol;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SendWindow}.
 */
class SendWindowTests {

	private final SendWindow window = new SendWindow(10_000);

	@Test
	void whatFitsIntoTheSocketOfAPeerThatDoesNotReadFits() {
		assertThat(this.window.fits(1000)).isTrue();
		assertThat(this.window.fits(10_000)).isFalse();
	}

	@Test
	void manySmallMessagesTakeMoreThanTheirBytes() {
		for (int i = 0; i < 4; i++) {
			assertThat(this.window.fits(100)).isTrue();
			this.window.write(100);
		}
		assertThat(this.window.fits(100)).isFalse();
	}

	@Test
	void thereIsRoomAgainForAllThatWasWrittenBeforeWhatHasCome() {
		this.window.write(7000);
		this.window.await();
		assertThat(this.window.fits(1000)).isFalse();
		this.window.read();
		assertThat(this.window.fits(7000)).isTrue();
	}

	@Test
	void whatWasWrittenLaterMayStillBeThere() {
		this.window.write(100);
		this.window.await();
		this.window.write(7000);
		this.window.read();
		assertThat(this.window.fits(1000)).isFalse();
	}

}
