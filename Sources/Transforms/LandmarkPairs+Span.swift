// SPDX-License-Identifier: Apache-2.0

extension LandmarkPairs {
  /// Checks that the fixed points determine an affine map: one more than there are axes, not all in one plane (2D: on one line).
  ///
  /// - Parameter path: the file that they come from.
  /// - Throws: `TransformError` where they do not.
  package func requireSpan(in path: String) throws(TransformError) {
    let (shape, hint) = (rank == 2 ? "on one line" : "in one plane", "set more landmarks, all over the image")
    guard fixed.count > rank else {
      throw TransformError(
        "\(path) has \(fixed.count) active landmark\(fixed.count == 1 ? "" : "s"), and \(rank + 1) that do not lie \(shape) are the least in \(rank)D",
        hint: hint)
    }
    let centre = (0..<rank).map { axis in fixed.map { $0[axis] }.reduce(0, +) / Double(fixed.count) }
    let spread = (0..<rank).map { row in
      (0..<rank).map { column in fixed.map { ($0[row] - centre[row]) * ($0[column] - centre[column]) }.reduce(0, +) }
    }
    let values = symmetricEigen(spread).values
    guard values[rank - 1] > 1e-8 * values.reduce(0, +) else {
      throw TransformError(
        "the \(fixed.count) active landmarks of \(path) lie \(shape) of the fixed image, and tell nothing beside it", hint: hint)
    }
  }
}
