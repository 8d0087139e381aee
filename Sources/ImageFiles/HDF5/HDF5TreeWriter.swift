// SPDX-License-Identifier: Apache-2.0

internal import CHDF5

/// Writes texts and rows of numbers into an HDF5 file, for formats that are no images.
///
/// Without `finish` what was written is of no use.
package struct HDF5TreeWriter: ~Copyable {
  private let path: String
  private let handle: Int64
  private var isFinished = false

  /// Begins a file in place of one that is there.
  ///
  /// - Throws: where it cannot be written.
  package init(_ path: String) throws(ImageFileError) {
    self.path = path
    handle = HDF5File.alone { unsafe chdf5_create(path) }
    if handle < 0 { throw Self.failure(path) }
  }

  deinit { if !isFinished && handle >= 0 { HDF5File.alone { chdf5_close(handle) } } }

  /// Makes a group.
  package func group(_ name: String) throws(ImageFileError) {
    try require(HDF5File.alone { unsafe chdf5_write_group(handle, name) })
  }

  /// Writes one string.
  package func text(_ name: String, _ text: String) throws(ImageFileError) {
    try require(HDF5File.alone { unsafe chdf5_write_text(handle, name, text) })
  }

  /// Writes doubles along one axis.
  package func numbers(_ name: String, _ values: [Double]) throws(ImageFileError) {
    try numbers(name, count: values.count, partCount: max(1, values.count)) { Array(values[$0]) }
  }

  /// Writes doubles along one axis, part by part.
  package func numbers(
    _ name: String, count: Int, partCount: Int, _ part: (Range<Int>) -> [Double]
  ) throws(ImageFileError) {
    let dataset = HDF5File.alone { unsafe chdf5_begin_doubles(handle, name, UInt64(count)) }
    guard dataset >= 0 else { throw Self.failure(path) }
    defer { HDF5File.alone { chdf5_close_dataset(dataset) } }
    for first in stride(from: 0, to: count, by: partCount) {
      let values = part(first..<min(count, first + partCount))
      try require(HDF5File.alone { chdf5_write_doubles(dataset, UInt64(first), values.span) })
    }
  }

  /// Brings all to the disk.
  ///
  /// - Throws: where that fails, as when the disk is full.
  package mutating func finish() throws(ImageFileError) {
    isFinished = true
    try require(HDF5File.alone { [handle] in chdf5_finish(handle) })
  }

  private func require(_ status: Int32) throws(ImageFileError) { if status != 0 { throw Self.failure(path) } }

  private static func failure(_ path: String) -> ImageFileError {
    ImageFileError(
      path: path, "cannot be written as HDF5",
      hint: "check that the folder exists, that it may be written to, and that the disk is not full")
  }
}
