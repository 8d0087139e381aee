// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Pipelines
internal import Volumes

/// An image that a dataset is made of: a raw one, or the labels of a class.
public struct PatchSource: Hashable, Sendable {
  /// The image, or a level of it: anything that Weft reads.
  public var path: String
  /// Of labels: the value that is the class, where one image holds several; `nil` where every value above zero is of the class.
  public var value: Double?
  /// Names of the axes, where the file lacks them.
  public var axes: String?
  /// Distances between voxels in place of the file's.
  public var spacing: [Double]?

  public init(path: String, value: Double? = nil, axes: String? = nil, spacing: [Double]? = nil) {
    (self.path, self.value, self.axes, self.spacing) = (path, value, axes, spacing)
  }

  /// Opens it.
  ///
  /// - Parameter decoded: where chunks once decoded are kept.
  /// - Throws: as `StoredImage.open`.
  func opened(keeping decoded: DecodedChunks?) throws -> StoredImage {
    var image = try StoredImage.open(path, axes: axes, spacing: spacing)
    if let decoded {
      for level in image.levels.indices {
        image.levels[level].source = (image.levels[level].source as? ChunkedArray)?.keeping(decoded) ?? image.levels[level].source
      }
    }
    return image
  }
}
