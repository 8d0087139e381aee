// SPDX-License-Identifier: Apache-2.0

/// Something that moves voxels of a patch, about its centre, drawn anew for each patch and the same for all its arrays.
public enum SpatialTransform: Hashable, Sendable {
  /// Turned over along z, y, x, each with its probability.
  case mirror([Double])
  /// Axes among these (0 is z) change places, every order being as likely.
  case transpose([Int])
  /// Turned about z, then y, then x, by angles in degrees.
  case rotate([ClosedRange<Double>])
  /// Things become so many times as large, the same along all axes.
  case scale(ClosedRange<Double>)
  /// Bent smoothly: displacements of a cubic B-spline, normally distributed at its control points.
  ///
  /// - Parameters:
  ///   - spacing: from one control point to the next, in the unit of the dataset.
  ///   - deviation: the standard deviation of each component at the control points, in the same unit.
  case elastic(spacing: Double, deviation: Double)
}
