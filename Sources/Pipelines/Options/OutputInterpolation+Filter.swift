// SPDX-License-Identifier: Apache-2.0

internal import Filtering

extension OutputInterpolation {
  /// What interpolates intensities; labels are not.
  var filter: Interpolation {
    switch self {
    case .linear: .linear
    case .nearest, .labelVote: .nearest
    case .cubic: .cubic
    }
  }

  /// How many voxels beyond the cell an interpolation reads.
  var margin: Int { self == .cubic ? 2 : 1 }
}
