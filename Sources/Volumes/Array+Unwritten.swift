// SPDX-License-Identifier: Apache-2.0

extension Array where Element: BitwiseCopyable {
  /// Elements of no particular value, for a kernel that writes every one of them.
  ///
  /// Zeros would be written by one thread, and each page of a large array be entered by it: that took longer than many a kernel. Debug
  /// builds fill the array with a pattern that no result survives.
  package init(unwritten count: Int) {
    // The one empty array of the standard library would have its count written, while others read it.
    if count == 0 {
      self = []
      return
    }
    unsafe self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
      unsafe LargePages.advise(UnsafeMutableRawBufferPointer(buffer))
      #if DEBUG
        unsafe UnsafeMutableRawBufferPointer(buffer).initializeMemory(as: UInt8.self, repeating: 0xFF)
      #endif
      initialized = count
    }
  }
}
