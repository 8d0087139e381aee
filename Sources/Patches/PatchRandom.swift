// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Random numbers of one draw, which depend on the seed, the draw and what they are for, and on nothing that was drawn before: so that draws may be
/// made anywhere, by any number of threads.
///
/// SplitMix64 (Steele, Lea and Flood, 2014).
public struct PatchRandom: RandomNumberGenerator, Sendable {
  /// What numbers are for.
  enum Purpose: UInt64 {
    case sample = 1, position, transform, values, split
  }

  private var state: UInt64

  init(seed: UInt64, draw: Int, for purpose: Purpose) {
    state = Self.mixed(seed &+ 0x9E37_79B9_7F4A_7C15)
    state = Self.mixed(state ^ UInt64(bitPattern: Int64(draw)) &* 0xD134_2543_DE82_EF95)
    state = Self.mixed(state ^ purpose.rawValue &* 0xA24B_AED4_963E_E407)
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number of a range.
  mutating func number(in range: ClosedRange<Double>) -> Double {
    range.lowerBound == range.upperBound ? range.lowerBound : Double.random(in: range, using: &self)
  }

  /// A number of the normal distribution (Box and Muller, 1958).
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
    return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
  }
}
