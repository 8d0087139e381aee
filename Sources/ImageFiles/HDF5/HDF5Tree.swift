// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
package import Volumes

/// Texts and rows of numbers in an HDF5 file, for formats that are no images.
package struct HDF5Tree: Sendable {
  private let file: HDF5File
  /// The paths of all datasets.
  package let names: [String]

  /// Opens a file.
  ///
  /// - Throws: where it is missing, no HDF5 file, or damaged.
  package init(_ path: String) throws(ImageFileError) {
    _ = try ImageFile.firstBytes(of: path, count: 8)
    file = try HDF5File.open(path)
    names = file.datasetNames
  }

  /// A dataset of one string; `nil` where there is none.
  package func text(_ name: String) -> String? { file.text(in: name) }

  /// How many numbers a dataset of one axis holds; `nil` where there is no such dataset.
  package func count(_ name: String) -> Int? { file.dataset(name).flatMap { $0.extent.rank == 1 ? $0.extent[0] : nil } }

  /// Some numbers of a dataset of one axis.
  ///
  /// - Throws: where they are not there or cannot be read.
  package func numbers<Number: VoxelScalar>(_ name: String, _ range: Range<Int>, as type: Number.Type) throws -> [Number] {
    guard let dataset = file.dataset(name), dataset.extent.rank == 1, range.upperBound <= dataset.extent[0] else {
      throw ImageFileError(path: file.path, "has no numbers \(range) in \(name)", hint: "the file may be cut short or damaged")
    }
    return try dataset.read(Box(lower: [range.lowerBound], upper: [range.upperBound]), as: type).elements
  }
}
