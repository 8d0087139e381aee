// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Transforms

extension Transforms.AffineTransform {
  /// What makes a map one that no alignment of two images is: it is not finite, mirrors, or scales an axis by more than `largestScale` or
  /// less than its inverse; `nil` where it may be one.
  func fault(largestScale: Double) -> String? {
    guard (matrix + [offset]).allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return "is not finite" }
    if determinant <= 0 { return "mirrors the image" }
    let scales = singularValues(matrix)
    guard scales[0] > largestScale || scales[scales.count - 1] < 1 / largestScale else { return nil }
    return "scales by \(String(format: "%.3g to %.3g", scales[scales.count - 1], scales[0])), beyond \(largestScale)"
  }
}
