// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Transforms
internal import Volumes

/// The normal equations of a metric for an affine displacement of a level, in its units of length.
///
/// The displacement along axis `a` is `p_a0 + p_a1 q_z + p_a2 q_y + p_a3 q_x`, `q` the place relative to the middle of the lattice along its
/// axes, in half its longest side.
struct AffineEquations {
  typealias Affine = Transforms.AffineTransform

  private var matrix = [Double](repeating: 0, count: 144)
  private var right = [Double](repeating: 0, count: 12)
  /// Half the longest side, in world units.
  private let radius: Double
  /// World units a unit of length.
  private let unit: Double
  /// Half of each side, as `q`.
  private let reach: [Double]
  private let middle: [Double]

  /// Sums the equations of cells (nine lattices: gradient z, y, x; curvature zz, yy, xx, zy, zx, yx). O(cells).
  init(_ equations: [Float], level: DeformableLevel) {
    let n = level.lattice.lengths
    let sides = zip(n, level.spacing).map { Double($0 - 1) * $1 }
    radius = max(sides.max()! / 2, level.unit / 2)
    unit = level.unit
    reach = sides.map { [radius] in $0 / 2 / radius }
    middle = n.map { Double($0 - 1) / 2 }
    let m = level.fieldLattice
    let place = { [radius, middle] (axis: Int, cell: Int) -> Double in
      let factor = level.fieldFactors[axis]
      return (Double(cell * factor) + Double(factor - 1) / 2 - middle[axis]) * level.spacing[axis] / radius
    }
    let along = (0..<m.x).map { place(2, $0) }
    // The axes that each curvature is of.
    let pairs = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]
    let source = equations.span
    var sums = [SIMD3<Double>](repeating: .zero, count: 9)
    for z in 0..<m.z {
      for y in 0..<m.y {
        for c in 0..<9 {
          let row = source.extracting(c * m.count + (z * m.y + y) * m.x..<c * m.count + (z * m.y + y + 1) * m.x)
          var (s0, s1, s2) = (0.0, 0.0, 0.0)
          for x in 0..<m.x {
            let (value, q) = (Double(row[x]), along[x])
            s0 += value
            s1 += value * q
            s2 += value * q * q
          }
          sums[c] = SIMD3(s0, s1, s2)
        }
        let q = [1, place(0, z), place(1, y)]
        for a in 0..<3 {
          for k in 0..<3 { right[4 * a + k] += q[k] * sums[a][0] }
          right[4 * a + 3] += sums[a][1]
        }
        for (index, (a, b)) in pairs.enumerated() {
          let s = sums[3 + index]
          for k in 0..<4 {
            for l in 0..<4 {
              let value = k == 3 && l == 3 ? s[2] : k == 3 ? q[l] * s[1] : l == 3 ? q[k] * s[1] : q[k] * q[l] * s[0]
              matrix[(4 * a + k) * 12 + 4 * b + l] += value
              if a != b { matrix[(4 * b + l) * 12 + 4 * a + k] += value }
            }
          }
        }
      }
    }
  }

  /// The twelve numbers that solve the equations within the columns of `basis`; `nil` where there is nothing to go by.
  func solved(_ basis: [[Double]], damping: Double) -> [Double]? {
    let k = basis.count
    let image = basis.map { column in (0..<12).map { row in (0..<12).reduce(0.0) { $0 + matrix[row * 12 + $1] * column[$1] } } }
    var rows = (0..<k).map { i in (0..<k).map { j in zip(basis[i], image[j]).reduce(0.0) { $0 + $1.0 * $1.1 } } }
    let trace = (0..<k).reduce(0.0) { $0 + rows[$1][$1] }
    guard trace > 0, trace.isFinite else { return nil }
    for i in 0..<k { rows[i][i] += damping * rows[i][i] + 1e-9 * trace }
    let b = basis.map { zip($0, right).reduce(0.0) { $0 + $1.0 * $1.1 } }
    guard let solution = choleskySolved(rows, b) else { return nil }
    return (0..<12).map { row in (0..<k).reduce(0.0) { $0 + basis[$1][row] * solution[$1] } }
  }

  /// The longest displacement of a corner of the lattice, in units of length.
  func length(_ parameters: [Double]) -> Double {
    var longest = 0.0
    for corner in 0..<8 {
      let q = [1] + (0..<3).map { corner >> $0 & 1 == 0 ? -reach[$0] : reach[$0] }
      let squared = (0..<3).reduce(0.0) { sum, a in
        let d = (0..<4).reduce(0.0) { $0 + parameters[4 * a + $1] * q[$1] }
        return sum + d * d
      }
      longest = max(longest, squared.squareRoot())
    }
    return longest
  }

  /// The same displacement, shortened where it passes so many units of length.
  func limited(_ parameters: [Double], to most: Double) -> [Double] {
    let long = length(parameters)
    return long > most ? parameters.map { $0 * most / long } : parameters
  }

  /// The displacement as a map of the world; a rigid one as the rotation that it begins.
  func map(_ parameters: [Double], isRigid: Bool, in space: PhysicalSpace) -> Affine {
    func sum(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] { zip(a, b).map { zip($0, $1).map(+) } }
    let slope = Affine(matrix: (0..<3).map { a in (0..<3).map { parameters[4 * a + $0 + 1] * unit / radius } }, offset: [0, 0, 0])
    var linear = Affine.identity(rank: 3)
    // The exponential of a skew matrix is a rotation.
    var term = linear
    for k in 1...(isRigid ? 12 : 1) {
      term = term.after(slope)
      term.matrix = term.matrix.map { $0.map { $0 / Double(k) } }
      linear.matrix = sum(linear.matrix, term.matrix)
    }
    // From the lattice's axes to the world's.
    let directions = Affine(matrix: space.direction, offset: [0, 0, 0])
    guard let back = directions.inverse else { return .identity(rank: 3) }
    let centre = space.world(of: middle)
    let turned = directions.after(linear).after(back)
    let shift = directions((0..<3).map { parameters[4 * $0] * unit })
    let moved = turned(centre)
    return Affine(matrix: turned.matrix, offset: (0..<3).map { centre[$0] - moved[$0] + shift[$0] })
  }
}

/// The solution of symmetric positive definite equations; `nil` where they are not.
private func choleskySolved(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
  let n = right.count
  var l = matrix
  for i in 0..<n {
    for j in 0...i {
      let sum = l[i][j] - (0..<j).reduce(0.0) { $0 + l[i][$1] * l[j][$1] }
      if i == j {
        guard sum > 0 else { return nil }
        l[i][i] = sum.squareRoot()
      } else {
        l[i][j] = sum / l[j][j]
      }
    }
  }
  var x = right
  for i in 0..<n { x[i] = (x[i] - (0..<i).reduce(0.0) { $0 + l[i][$1] * x[$1] }) / l[i][i] }
  for i in (0..<n).reversed() { x[i] = (x[i] - (i + 1..<n).reduce(0.0) { $0 + l[$1][i] * x[$1] }) / l[i][i] }
  return x
}
