// SPDX-License-Identifier: Apache-2.0

/// A number that voxels are made of.
///
/// Conversions saturate: a value beyond the target's range becomes its nearest bound, a fraction is rounded half to even, NaN becomes
/// zero in an integer type. Integers convert among each other without passing through floating point.
public protocol VoxelScalar: Sendable, BitwiseCopyable, Comparable, Hashable, Numeric {
  /// The format of this type.
  static var voxelType: VoxelType { get }
  /// The nearest value of this type to an integer.
  static func saturating<Value: FixedWidthInteger>(integer value: Value) -> Self
  /// The nearest value of this type to a real number.
  static func saturating<Value: BinaryFloatingPoint>(real value: Value) -> Self
  /// This value in another type, saturating.
  func saturated<Target: VoxelScalar>(to type: Target.Type) -> Target
  /// This value as `Float`, rounded where it has more than 24 significant bits.
  var float: Float { get }
  /// This value as `Double`, rounded where it has more than 53 significant bits.
  var double: Double { get }
  /// Whether the value is a number: false for NaN and infinities.
  var isNumber: Bool { get }
}

extension VoxelScalar where Self: FixedWidthInteger {
  @inlinable public static func saturating<Value: FixedWidthInteger>(integer value: Value) -> Self { Self(clamping: value) }

  @inlinable public static func saturating<Value: BinaryFloatingPoint>(real value: Value) -> Self {
    if value.isNaN { return 0 }
    let rounded = value.rounded(.toNearestOrEven)
    if rounded >= Value(Self.max) { return Self.max }
    if rounded <= Value(Self.min) { return Self.min }
    // By way of a concrete type where that holds every value: the generic conversion takes several times as long.
    if Self.bitWidth < 64, let value = rounded as? Float { return Self(truncatingIfNeeded: Int(value)) }
    return Self(rounded)
  }

  @inlinable public func saturated<Target: VoxelScalar>(to type: Target.Type) -> Target { Target.saturating(integer: self) }
  @inlinable public var float: Float { Float(self) }
  @inlinable public var double: Double { Double(self) }
  @inlinable public var isNumber: Bool { true }
}

extension VoxelScalar where Self: BinaryFloatingPoint {
  @inlinable public static func saturating<Value: FixedWidthInteger>(integer value: Value) -> Self { Self(value) }
  @inlinable public static func saturating<Value: BinaryFloatingPoint>(real value: Value) -> Self { Self(value) }
  @inlinable public func saturated<Target: VoxelScalar>(to type: Target.Type) -> Target { Target.saturating(real: self) }
  @inlinable public var float: Float { Float(self) }
  @inlinable public var double: Double { Double(self) }
  @inlinable public var isNumber: Bool { isFinite }
}

extension UInt8: VoxelScalar { public static var voxelType: VoxelType { .uint8 } }
extension Int8: VoxelScalar { public static var voxelType: VoxelType { .int8 } }
extension UInt16: VoxelScalar { public static var voxelType: VoxelType { .uint16 } }
extension Int16: VoxelScalar { public static var voxelType: VoxelType { .int16 } }
extension UInt32: VoxelScalar { public static var voxelType: VoxelType { .uint32 } }
extension Int32: VoxelScalar { public static var voxelType: VoxelType { .int32 } }
extension UInt64: VoxelScalar { public static var voxelType: VoxelType { .uint64 } }
extension Int64: VoxelScalar { public static var voxelType: VoxelType { .int64 } }
extension Float: VoxelScalar { public static var voxelType: VoxelType { .float32 } }
extension Double: VoxelScalar { public static var voxelType: VoxelType { .float64 } }
