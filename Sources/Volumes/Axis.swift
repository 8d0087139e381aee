// SPDX-License-Identifier: Apache-2.0

/// One axis of a stored image.
public struct Axis: Hashable, Sendable {
  /// What an axis runs over.
  public enum Kind: String, Sendable {
    case space, channel, time, other
  }

  /// The name, as `z` or `c`.
  public var name: String
  /// What it runs over.
  public var kind: Kind
  /// The unit of a spatial axis, where the file names a known one.
  public var unit: LengthUnit?

  /// An axis; its kind follows from its name (`x`, `y`, `z`: space; `c`: channel; `t`: time) unless given.
  public init(name: String, kind: Kind? = nil, unit: LengthUnit? = nil) {
    self.name = name
    self.kind = kind ?? Self.kind(of: name)
    self.unit = unit
  }

  private static func kind(of name: String) -> Kind {
    switch name.lowercased() {
    case "x", "y", "z": .space
    case "c": .channel
    case "t": .time
    default: .other
    }
  }
}
