package io.clusterboot.launch;

import java.lang.management.ManagementFactory;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import com.sun.management.VMOption;
import org.jspecify.annotations.Nullable;

/**
 * What this JVM says about its own flags and memory.
 *
 * @param heapChosen whether the user, by any means, chose the size of the heap
 * @param maxHeap the largest size of the heap in bytes
 * @param memory the memory of the machine or container in bytes, or 0 if not known
 * @param outOfMemoryHandled whether the user chose what happens when memory runs out
 */
record VmFlags(boolean heapChosen, long maxHeap, long memory, boolean outOfMemoryHandled) {

	/**
	 * Ask this JVM.
	 * @return the answers, or {@code null} from a JVM that has none
	 */
	static @Nullable VmFlags ofThisProcess() {
		try {
			return HotSpot.ask();
		}
		catch (LinkageError ex) {
			// a runtime without the module jdk.management
			return null;
		}
	}

	/**
	 * Apart from the rest, so that a runtime without these types can load the rest.
	 */
	private static final class HotSpot {

		static @Nullable VmFlags ask() {
			HotSpotDiagnosticMXBean bean = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
			if (bean == null) {
				return null;
			}
			boolean heapChosen = isChosen(bean, "MaxHeapSize") || isChosen(bean, "MaxRAMPercentage")
					|| isChosen(bean, "MaxRAMFraction") || isChosen(bean, "MaxRAM");
			boolean outOfMemoryHandled = isChosen(bean, "ExitOnOutOfMemoryError")
					|| isChosen(bean, "CrashOnOutOfMemoryError") || isChosen(bean, "OnOutOfMemoryError");
			return new VmFlags(heapChosen, Runtime.getRuntime().maxMemory(), memory(), outOfMemoryHandled);
		}

		private static boolean isChosen(HotSpotDiagnosticMXBean bean, String flag) {
			try {
				VMOption option = bean.getVMOption(flag);
				return switch (option.getOrigin()) {
					case DEFAULT, ERGONOMIC -> false;
					default -> true;
				};
			}
			catch (IllegalArgumentException ex) {
				// this JVM has no such flag
				return false;
			}
		}

		private static long memory() {
			OperatingSystemMXBean bean = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
			return (bean != null) ? bean.getTotalMemorySize() : 0;
		}

	}

}
