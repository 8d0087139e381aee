// SPDX-License-Identifier: Apache-2.0

/// How the objects of neighbouring tiles become objects of the image.
public enum MergeRule: String, Sendable, Hashable, Codable, CaseIterable {
  /// Whole objects by the tile that their centroid lies in; those cut by a tile's halo by what both tiles saw of them.
  case hybrid
  /// What two tiles saw in the voxels that both read, matched one to one where it agrees by half; each tile keeps what lies in its core.
  case haloIoU = "halo-iou"
  /// Whatever touches across the face between two cores is one: exact for connected components.
  case face
  /// Objects end at the faces of their tiles.
  case none

  /// Whether objects of the halo are compared.
  public var usesHalo: Bool { self == .hybrid || self == .haloIoU }

  /// The least intersection over union of two objects that are one.
  public var minimumIoU: Double {
    switch self {
    case .hybrid: 0.3
    case .haloIoU: 0.5
    case .face, .none: 0
    }
  }
}
