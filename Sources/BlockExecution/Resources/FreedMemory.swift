// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// What the allocator does with large blocks that are freed.
public enum FreedMemory {
  /// Gives every freed block of 8 MB or more back to the system at once, for the rest of the process.
  ///
  /// By default glibc keeps blocks of up to 32 MB for reuse once one was freed; volumes come in many sizes, and the pieces add up. Call it
  /// once, at the start of a program that promises a memory budget.
  public static func returnAtOnce() {
    ckernels_return_freed_memory(8 << 20)
  }
}
