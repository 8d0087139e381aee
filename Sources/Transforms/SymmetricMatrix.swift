// SPDX-License-Identifier: Apache-2.0

/// The eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations.
struct SymmetricMatrix {
  /// One for each column of `eigenvectors`.
  let eigenvalues: [Double]
  /// Columns are eigenvectors of length 1.
  let eigenvectors: [[Double]]

  init(_ matrix: [[Double]]) {
    let n = matrix.count
    var a = matrix
    var v = (0..<n).map { row in (0..<n).map { $0 == row ? 1.0 : 0 } }
    for _ in 0..<60 {
      var rest = 0.0
      for p in 0..<n { for q in p + 1..<max(n, p + 1) { rest += a[p][q] * a[p][q] } }
      if rest < 1e-300 { break }
      for p in 0..<n - 1 {
        for q in p + 1..<n where a[p][q] != 0 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta >= 0 ? 1 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
          for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
          for k in 0..<n { (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]) }
        }
      }
    }
    eigenvalues = (0..<n).map { a[$0][$0] }
    eigenvectors = v
  }

  /// The eigenvector of the largest eigenvalue.
  var largestEigenvector: [Double] {
    let column = eigenvalues.indices.max { eigenvalues[$0] < eigenvalues[$1] }!
    return eigenvectors.map { $0[column] }
  }
}
