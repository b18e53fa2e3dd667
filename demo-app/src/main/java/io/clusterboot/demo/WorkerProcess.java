package io.clusterboot.demo;

/**
 * The process that serves a request.
 *
 * @param pid its number in the operating system
 */
record WorkerProcess(long pid) {

}
