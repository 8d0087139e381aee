// SPDX-License-Identifier: Apache-2.0

/// What tells how well two images agree.
public enum RegistrationMetric: String, Sendable, Hashable, CaseIterable, Codable {
  /// Chosen from the images: correlation where intensities follow each other, mutual information where they do not.
  case auto
  /// Local normalised correlation; global correlation in steps that look at whole images (initialisation, affine).
  case lncc
  /// Mutual information, for images of different kinds.
  case mi
  /// Mean of squared differences, for images of one kind and brightness.
  case mse
}
