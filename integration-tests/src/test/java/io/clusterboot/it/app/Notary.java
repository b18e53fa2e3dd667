package io.clusterboot.it.app;

import io.clusterboot.primary.PrimaryListener;
import io.clusterboot.primary.PrimaryMessage;
import io.clusterboot.protocol.MemberDescription;
import io.clusterboot.protocol.ReloadDescription;

/**
 * Takes part in the primary.
 */
public final class Notary implements PrimaryListener {

	private int notes;

	@Override
	public void onWorkerOnline(MemberDescription worker) {
		System.out.printf("noted: worker-%d is online%n", worker.id());
	}

	@Override
	public void onWorkerDisconnect(MemberDescription worker) {
		System.out.printf("noted: worker-%d leaves%n", worker.id());
	}

	@Override
	public void onReloadStarted(ReloadDescription reload) {
		System.out.printf("noted: reload %d begins%n", reload.id());
	}

	@Override
	public void onReloadFinished(ReloadDescription reload) {
		System.out.printf("noted: reload %d is %s%n", reload.id(), reload.state());
	}

	@Override
	public void onScaled(int from, int to) {
		System.out.printf("noted: %d workers instead of %d%n", to, from);
	}

	@Override
	public void onWorkerListening(MemberDescription worker) {
		System.out.printf("noted: worker-%d listens%n", worker.id());
	}

	@Override
	public void onWorkerExit(MemberDescription worker, int code, String signal) {
		System.out.printf("noted: worker-%d exited with %d, %s%n", worker.id(), code, signal);
		if (Boolean.getBoolean("app.notary-fails")) {
			throw new IllegalStateException("asked to fail at an exit");
		}
	}

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
