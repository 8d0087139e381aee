// SPDX-License-Identifier: Apache-2.0

extension DeformableMetric {
  /// What a metric is in engines of cells; `auto` is local correlation.
  ///
  /// - Parameter radius: of the windows of local correlation, in voxels.
  package init(_ metric: RegistrationMetric, radius: Int = 2) {
    self =
      switch metric {
      case .auto, .lncc: .lncc(radius: radius)
      case .mi: .mutualInformation()
      case .mse: .meanSquares
      }
  }
}
