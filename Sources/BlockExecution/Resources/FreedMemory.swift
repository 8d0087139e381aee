// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Foundation

/// What the allocator does with large blocks that are freed.
public enum FreedMemory {
  /// Gives every freed block of 8 MB or more back to the system at once, for the rest of the process.
  ///
  /// By default glibc keeps blocks of up to 32 MB for reuse once one was freed; volumes come in many sizes, and the pieces add up. Call it
  /// once, as the first thing that a program does that promises a memory budget: an arena that another thread has taken by then stays.
  ///
  /// Smaller blocks are kept by the arena that they come from, of which glibc makes one a thread: work that goes from thread to thread left up
  /// to 8 MB in each, and `weft apply` within 120 MB took 97 or 122. There is one arena for eight processors.
  public static func returnAtOnce() {
    let processors = ProcessInfo.processInfo.activeProcessorCount
    ckernels_return_freed_memory(8 << 20, Int32(max(1, processors / 8)))
  }
}
