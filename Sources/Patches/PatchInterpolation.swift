// SPDX-License-Identifier: Apache-2.0

internal import Filtering

/// How values between voxels of a raw image are found; labels are those of the nearest voxel.
public enum PatchInterpolation: String, Sendable, CaseIterable {
  /// The value of the nearest voxel.
  case nearest
  /// Trilinear.
  case linear
  /// Catmull-Rom.
  case cubic

  var filter: Interpolation {
    switch self {
    case .nearest: .nearest
    case .linear: .linear
    case .cubic: .cubic
    }
  }
}
