// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// Random numbers that belong to a place: the same for a seed and a position, whoever asks and in whatever order.
package enum PlaceHash {
  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// A well-mixed number for one counter value (the finaliser of SplitMix64).
  @inline(__always) static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ step
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number for a lattice point.
  @inline(__always) static func at(_ z: Int, _ y: Int, _ x: Int, seed: UInt64) -> UInt64 {
    let row = mix(seed &+ UInt64(bitPattern: Int64(z)) &* 0xD6E8_FEB8_6659_FD93 &+ UInt64(bitPattern: Int64(y)))
    return mix(row &+ UInt64(bitPattern: Int64(x)))
  }

  /// The upper bits as a number in 0 ..< 1.
  @inline(__always) static func unit(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }

  /// The number in 0 ..< 1 that SplitMix64 draws from `seed` after `count` others.
  package static func uniform(_ count: UInt64, seed: UInt64) -> Double { unit(mix(seed &+ count &* step)) }

  /// A number of mean 0 and variance 1, nearly normal: the sum of four uniform parts of 16 bits.
  @inline(__always) static func normal(_ bits: UInt64) -> Float {
    let sum = Float(bits & 0xFFFF) + Float((bits >> 16) & 0xFFFF) + Float((bits >> 32) & 0xFFFF) + Float(bits >> 48)
    return (sum * (1 / 65535) - 2) * 1.732_050_8
  }
}

/// Smooth noise: a cubic B-spline through random values on a lattice. Twice continuously differentiable, without detail finer than
/// `wavelength`.
struct SmoothNoise: Sendable {
  let seed: UInt64
  let wavelength: Double

  /// The lattice values that positions inside a box ask for.
  func lattice(lower: SIMD3<Double>, upper: SIMD3<Double>) -> NoiseLattice {
    NoiseLattice(noise: self, lower: lower, upper: upper)
  }
}

/// Noise ready to be evaluated inside a box.
struct NoiseLattice: Sendable {
  private let scale: Double
  private let baseZ: Int
  private let baseY: Int
  private let baseX: Int
  private let ny: Int
  private let nx: Int
  /// Four neighbours along x at each lattice point.
  private let values: [SIMD4<Float>]

  init(noise: SmoothNoise, lower: SIMD3<Double>, upper: SIMD3<Double>) {
    scale = 1 / noise.wavelength
    let first = (lower * scale).rounded(.down)
    let last = (upper * scale).rounded(.down)
    (baseZ, baseY, baseX) = (Int(first[0]) - 1, Int(first[1]) - 1, Int(first[2]) - 1)
    let (firstZ, firstY, firstX) = (baseZ, baseY, baseX)
    let nz = Int(last[0]) + 3 - baseZ
    ny = Int(last[1]) + 3 - baseY
    nx = Int(last[2]) + 3 - baseX
    var values: [SIMD4<Float>] = []
    values.reserveCapacity(nz * ny * nx)
    for z in 0..<nz {
      for y in 0..<ny {
        let row = (0..<nx + 3).map { x in
          Float(2 * PlaceHash.unit(PlaceHash.at(firstZ + z, firstY + y, firstX + x, seed: noise.seed)) - 1)
        }
        for x in 0..<nx { values.append(SIMD4(row[x], row[x + 1], row[x + 2], row[x + 3])) }
      }
    }
    self.values = values
  }

  /// The noise at a position: mean 0, a standard deviation of about 0.5, never beyond ±2.7.
  @inline(__always) func callAsFunction(_ position: SIMD3<Double>) -> Float {
    let along = position * scale
    let cell = along.rounded(.down)
    let fraction = SIMD3<Float>(along - cell)
    let wz = Self.weights(fraction[0])
    let wy = Self.weights(fraction[1])
    let wx = Self.weights(fraction[2])
    let start = ((Int(cell[0]) - 1 - baseZ) * ny + Int(cell[1]) - 1 - baseY) * nx + Int(cell[2]) - 1 - baseX
    var sum = SIMD4<Float>(repeating: 0)
    for k in 0..<4 {
      let at = start + k * ny * nx
      let plane =
        (values[at] * wy[0] + values[at + nx] * wy[1]) + (values[at + 2 * nx] * wy[2] + values[at + 3 * nx] * wy[3])
      sum += plane * wz[k]
    }
    let weighted = sum * wx
    return ((weighted[0] + weighted[1]) + (weighted[2] + weighted[3])) * 2.7
  }

  /// The four weights of the cubic B-spline.
  @inline(__always) private static func weights(_ t: Float) -> SIMD4<Float> {
    let s = 1 - t
    let (t2, s2) = (t * t, s * s)
    return SIMD4(s2 * s, 4 - 6 * t2 + 3 * t2 * t, 4 - 6 * s2 + 3 * s2 * s, t2 * t) * (1 / 6)
  }
}

/// 0 below 0, 1 above 1, and smooth between.
@inline(__always) func smoothStep(_ value: Float) -> Float {
  let t = min(max(value, 0), 1)
  return t * t * (3 - 2 * t)
}
