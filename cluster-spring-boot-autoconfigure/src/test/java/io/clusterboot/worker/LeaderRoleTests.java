package io.clusterboot.worker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LeaderRole}.
 */
class LeaderRoleTests {

	private final LeaderRole role = new LeaderRole();

	@Test
	void anAppointmentCountsIfThePrimaryKnewEverything() {
		this.role.stateChanging();
		this.role.appointed(1);
		assertThat(this.role.isHeld()).isTrue();
	}

	@Test
	void everyChangeEndsIt() {
		this.role.stateChanging();
		this.role.appointed(1);
		this.role.stateChanging();
		assertThat(this.role.isHeld()).isFalse();
	}

	@Test
	void anAppointmentFromBeforeAChangeIsVoid() {
		this.role.stateChanging();
		this.role.stateChanging();
		this.role.stateChanging();
		this.role.appointed(1);
		assertThat(this.role.isHeld()).as("ready, refusing, ready").isFalse();
		this.role.appointed(3);
		assertThat(this.role.isHeld()).isTrue();
	}

	@Test
	void nobodyLeadsWithoutThePrimary() {
		this.role.stateChanging();
		this.role.appointed(1);
		this.role.primaryLost();
		assertThat(this.role.isHeld()).isFalse();
		this.role.appointed(1);
		this.role.stateChanging();
		this.role.appointed(1);
		this.role.appointed(2);
		assertThat(this.role.isHeld()).isFalse();
	}

	@Test
	void itCanBeAwaited() throws Exception {
		CompletableFuture<Void> awaited = CompletableFuture.runAsync(() -> {
			try {
				this.role.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		});
		this.role.stateChanging();
		assertThat(awaited).isNotDone();
		this.role.appointed(1);
		awaited.get(3, TimeUnit.MINUTES);
	}

}
