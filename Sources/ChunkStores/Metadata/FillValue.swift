// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import Volumes

/// The value of voxels whose chunk is not stored, exact in every voxel type.
public enum FillValue: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  case integer(Int64)
  /// A whole number above `Int64.max`.
  case unsigned(UInt64)
  /// Equal where the bits are: NaN equals NaN.
  case real(bits: UInt64)

  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .real(value) }

  /// A real number.
  public static func real(_ value: Double) -> FillValue { .real(bits: value.bitPattern) }

  /// The value as a voxel, saturating.
  public func voxel<Voxel: VoxelScalar>(as type: Voxel.Type) -> Voxel {
    switch self {
    case .integer(let value): Voxel.saturating(integer: value)
    case .unsigned(let value): Voxel.saturating(integer: value)
    case .real(let bits): Voxel.saturating(real: Double(bitPattern: bits))
    }
  }

  /// Reads the forms of Zarr v2 and v3: a number, a truth value, `null` (undefined content: zero), `"NaN"`, `"Infinity"`, `"-Infinity"`,
  /// and for real types the hexadecimal bits, as `"0x7fc00000"`; `nil` where it is none of them or does not fit the type.
  init?(_ json: JSON, for type: VoxelType) {
    switch json {
    case .null: self = .integer(0)
    case .boolean(let value): self = .integer(value ? 1 : 0)
    case .integer(let value): self = .integer(value)
    case .unsigned(let value): self = .unsigned(value)
    case .real(let value):
      if type.isInteger, let whole = Int64(exactly: value) { self = .integer(whole) } else { self = .real(value) }
    case .string(let text):
      guard let value = Self.real(named: text, in: type) else { return nil }
      self = .real(value)
    case .array, .object: return nil
    }
    guard fits(type) else { return nil }
  }

  /// How metadata hold the value of an array of that type.
  func json(for type: VoxelType) -> JSON {
    guard !type.isInteger else {
      if case .unsigned(let value) = self { return .unsigned(value) }
      return .integer(voxel(as: Int64.self))
    }
    let value = voxel(as: Double.self)
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return .real(value)
  }

  private static func real(named text: String, in type: VoxelType) -> Double? {
    guard !type.isInteger else { return nil }
    switch text {
    case "NaN", "nan": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default:
      guard text.hasPrefix("0x"), let bits = UInt64(text.dropFirst(2), radix: 16) else { return nil }
      return type == .float32 ? UInt32(exactly: bits).map { Double(Float(bitPattern: $0)) } : Double(bitPattern: bits)
    }
  }

  private func fits(_ type: VoxelType) -> Bool {
    func holds<Voxel: VoxelScalar>(_ type: Voxel.Type) -> Bool {
      switch self {
      case .integer(let value): voxel(as: Voxel.self).saturated(to: Int64.self) == value
      case .unsigned(let value): voxel(as: Voxel.self).saturated(to: UInt64.self) == value
      case .real: false
      }
    }
    return type.isInteger ? holds(type.scalar) : true
  }
}
