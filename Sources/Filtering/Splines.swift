// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Volumes

/// Places along one axis of a cubic B-spline: for each the first of its four control points, and their weights.
package struct SplinePlaces: Sendable {
  package let first: [Int32]
  /// Four a place.
  package let weights: [Float]

  package init(first: [Int32], weights: [Float]) {
    precondition(weights.count == 4 * first.count, "four weights a place")
    self.first = first
    self.weights = weights
  }

  package var count: Int { first.count }

  /// The spline at each place: from `outer` by `length` by `inner` control points to `outer` by `count` by `inner` values.
  package func expanded(_ controls: [Float], outer: Int, length: Int, inner: Int, threads: Int) -> [Float] {
    var values = [Float](unwritten: outer * count * inner)
    var span = values.mutableSpan
    ckernels_spline_expand(controls.span, &span, outer, length, inner, first.span, weights.span, Int32(threads))
    return values
  }

  /// The `outer` by `length` by `inner` control points nearest to values at each place in the least-squares sense.
  ///
  /// - Parameter factor: the Cholesky factor L of the normal equations by rows: `factor[4 * i + b]` is `L[i][i − b]`.
  package func fitted(_ values: [Float], outer: Int, length: Int, inner: Int, factor: [Double], threads: Int) -> [Float] {
    precondition(factor.count == 4 * length, "four numbers a control point")
    var controls = [Float](unwritten: outer * length * inner)
    var span = controls.mutableSpan
    ckernels_spline_fit(values.span, &span, outer, length, inner, first.span, weights.span, factor.span, Int32(threads))
    return controls
  }
}
