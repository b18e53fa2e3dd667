package io.clusterboot.primary;

import java.io.InputStream;
import java.io.OutputStream;

/**
 * A process for tests of decisions, which are made without any.
 */
class NoProcess extends Process {

	@Override
	public OutputStream getOutputStream() {
		return OutputStream.nullOutputStream();
	}

	@Override
	public InputStream getInputStream() {
		return InputStream.nullInputStream();
	}

	@Override
	public InputStream getErrorStream() {
		return InputStream.nullInputStream();
	}

	@Override
	public int waitFor() {
		return 0;
	}

	@Override
	public int exitValue() {
		return 0;
	}

	@Override
	public void destroy() {
	}

}
