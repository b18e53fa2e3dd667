package io.clusterboot.it.app;

import io.clusterboot.primary.PrimaryListener;
import io.clusterboot.primary.PrimaryMessage;

/**
 * Takes part in the primary.
 */
public final class Notary implements PrimaryListener {

	private int notes;

	@Override
	public Object onMessage(PrimaryMessage message) {
		if (message.topic().equals("fail")) {
			throw new IllegalStateException("asked to fail in the primary");
		}
		System.out.printf("note %d from worker-%d: %s%n", ++this.notes, message.worker(),
				message.payload(String.class));
		return this.notes;
	}

}
