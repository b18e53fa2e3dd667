package io.clusterboot.it;

/**
 * A client that does one thing again and again. Each thread of a load has its own.
 */
interface LoadClient extends AutoCloseable {

	/**
	 * Do it once more. Nothing that fails is repeated, unless the protocol says that the
	 * server has not begun to process it.
	 * @param fates takes the fate of each request
	 */
	void exchange(Fates fates);

	@Override
	void close();

}
