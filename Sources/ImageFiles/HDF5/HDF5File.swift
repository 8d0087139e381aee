// SPDX-License-Identifier: Apache-2.0

internal import CHDF5
internal import Foundation
internal import Grids
internal import Synchronization
internal import Volumes

/// An HDF5 file that is read, with libhdf5: https://docs.hdfgroup.org/hdf5/develop/
///
/// The library does one thing at a time, whatever the threads.
final class HDF5File: Sendable {
  /// The most text of an attribute, and of all names of datasets.
  private static let mostText = 1 << 20
  private static let library = Mutex(())

  let path: String
  private let handle: Int64

  private init(path: String, handle: Int64) {
    self.path = path
    self.handle = handle
  }

  /// - Throws: where the file is no HDF5 file, or damaged.
  static func open(_ path: String) throws(ImageFileError) -> HDF5File {
    let handle = library.withLock { _ in unsafe chdf5_open(path) }
    guard handle >= 0 else {
      throw ImageFileError(
        path: path, "cannot be opened as HDF5", hint: "it is damaged, cut short, or open for writing in another program; copy it again")
    }
    return HDF5File(path: path, handle: handle)
  }

  deinit { Self.library.withLock { _ in chdf5_close(handle) } }

  /// The paths of all datasets, sorted by name.
  var datasetNames: [String] {
    Self.text(capacity: Self.mostText) { [handle] in Int64(chdf5_dataset_names(handle, &$0)) }?.split(separator: "\n").map(String.init)
      ?? []
  }

  /// A dataset; `nil` where there is none of that name, or it holds no numbers along 1 to 8 axes.
  func dataset(_ name: String) -> HDF5Dataset? {
    let found = Self.library.withLock { _ in unsafe chdf5_open_dataset(handle, name) }
    guard found.handle >= 0 else { return nil }
    return HDF5Dataset(self, name, found)
  }

  /// A dataset of one string; `nil` where there is none.
  func text(in dataset: String) -> String? {
    Self.text(capacity: 1 << 12) { [handle] in unsafe chdf5_text_dataset(handle, dataset, &$0) }
  }

  /// An attribute of an object as text; `nil` where there is none.
  func text(_ name: String, of object: String) -> String? {
    Self.text(capacity: Self.mostText) { [handle] in unsafe chdf5_text_attribute(handle, object, name, &$0) }
  }

  /// An attribute of numbers; `nil` where there is none.
  func numbers(_ name: String, of object: String) -> [Double]? {
    var numbers = [Double](repeating: 0, count: 64)
    let count = Self.library.withLock { [handle] _ in
      var span = numbers.mutableSpan
      return unsafe chdf5_number_attribute(handle, object, name, &span)
    }
    return count < 0 ? nil : Array(numbers.prefix(Int(count)))
  }

  private static func text(capacity: Int, _ read: (inout MutableSpan<CChar>) -> Int64) -> String? {
    var characters = [CChar](repeating: 0, count: capacity)
    let count = library.withLock { _ in
      var span = characters.mutableSpan
      return read(&span)
    }
    return count < 0 ? nil : String(decoding: characters.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func alone<Result: Sendable>(_ body: () -> Result) -> Result { library.withLock { _ in body() } }
}

/// The numbers of a dataset, read box by box.
final class HDF5Dataset: VoxelSource {
  let name: String
  let extent: Extent
  let chunk: Extent
  let voxelType: VoxelType
  private let file: HDF5File
  private let handle: Int64
  private let type: CHDF5Type

  private static let types: [Int32: VoxelType] = [
    1: .uint8, 2: .int8, 3: .uint16, 4: .int16, 5: .uint32, 6: .int32, 7: .uint64, 8: .int64, 9: .float32, 10: .float64,
  ]

  fileprivate init?(_ file: HDF5File, _ name: String, _ found: CHDF5Dataset) {
    func lengths(_ values: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)) -> [Int]? {
      let all = [values.0, values.1, values.2, values.3, values.4, values.5, values.6, values.7].prefix(max(0, Int(found.rank)))
      let lengths = all.compactMap { Int(exactly: $0) }
      return lengths.count == all.count ? lengths : nil
    }
    guard found.rank > 0, let voxelType = Self.types[found.type.rawValue], let extent = lengths(found.lengths),
      let chunk = lengths(found.chunk), extent.reduce(1.0, { $0 * Double($1) }) < 1e18
    else {
      HDF5File.alone { chdf5_close_dataset(found.handle) }
      return nil
    }
    (self.file, self.name, handle, type) = (file, name, found.handle, found.type)
    (self.voxelType, self.extent) = (voxelType, Extent(extent))
    self.chunk = chunk.contains(0) ? Self.rows(of: extent) : Extent(zip(chunk, extent).map { max(1, min($0, $1)) })
  }

  /// About a million voxels that follow one another: how a dataset without chunks is read.
  private static func rows(of extent: [Int]) -> Extent {
    var left = 1 << 20
    let lengths = extent.reversed().map { length in
      let taken = max(1, min(length, left))
      left /= taken
      return taken
    }
    return Extent(lengths.reversed())
  }

  deinit { HDF5File.alone { chdf5_close_dataset(handle) } }

  /// Reads the voxels in `box`, converted to `type` (saturating).
  ///
  /// - Throws: `ImageFileError` where the file is damaged, or a filter is missing that its chunks went through.
  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    func read<Stored: VoxelScalar>(_ stored: Stored.Type) throws -> VoxelBuffer<Voxel> {
      var voxels = [Stored](repeating: 0, count: box.extent.count)
      if !voxels.isEmpty {
        let (lower, lengths) = (box.lower.map(UInt64.init), box.extent.lengths.map(UInt64.init))
        let status = HDF5File.alone {
          unsafe voxels.withUnsafeMutableBytes { bytes in
            unsafe chdf5_read(handle, self.type, lower, lengths, lower.count, bytes.baseAddress!, bytes.count)
          }
        }
        guard status == 0 else {
          throw ImageFileError(
            path: file.path, "cannot be read in \(name), voxels \(box)",
            hint: "it is damaged, or its chunks went through a filter that libhdf5 lacks; copy it again, or write it with gzip")
        }
      }
      return VoxelBuffer<Stored>(extent: box.extent, elements: voxels).converted(to: type)
    }
    return try read(voxelType.scalar)
  }
}
