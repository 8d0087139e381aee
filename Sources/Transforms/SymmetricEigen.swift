// SPDX-License-Identifier: Apache-2.0

/// Eigenvalues, largest first, and eigenvectors (as rows) of a small symmetric matrix, by Jacobi rotations.
package func symmetricEigen(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
  let n = matrix.count
  var a = matrix
  var v = (0..<n).map { row in (0..<n).map { $0 == row ? 1.0 : 0.0 } }
  for _ in 0..<60 {
    var largest = (p: 0, q: 0, value: 0.0)
    for p in 0..<n { for q in p + 1..<max(n, p + 1) where abs(a[p][q]) > largest.value { largest = (p, q, abs(a[p][q])) } }
    let scale = (0..<n).reduce(0) { $0 + abs(a[$1][$1]) }
    if largest.value <= 1e-14 * scale || largest.value == 0 { break }
    let (p, q) = (largest.p, largest.q)
    let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
    let t = (theta >= 0 ? 1.0 : -1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
    let c = 1 / (t * t + 1).squareRoot()
    let s = t * c
    for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
    for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
    for k in 0..<n { (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]) }
  }
  let order = (0..<n).sorted { (a[$0][$0], $1) > (a[$1][$1], $0) }
  return (order.map { a[$0][$0] }, order.map { column in (0..<n).map { v[$0][column] } })
}

/// The singular values of a small square matrix, largest first.
package func singularValues(_ matrix: [[Double]]) -> [Double] {
  let n = matrix.count
  let gram = (0..<n).map { i in (0..<n).map { j in (0..<n).reduce(0.0) { $0 + matrix[$1][i] * matrix[$1][j] } } }
  return symmetricEigen(gram).values.map { max($0, 0).squareRoot() }
}
