// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Volumes

/// The usual diameter of an object: voxels, or a length; one for all directions, or one an axis.
public struct ObjectDiameter: Sendable, Hashable, Codable, CustomStringConvertible {
  /// One number for all directions, or one an axis, slowest first.
  public let values: [Double]
  /// The name of the unit; `nil` for voxels.
  public let unit: String?

  /// A diameter in voxels: along the last axis and what is as long along the others, or one an axis.
  public init(voxels: [Double]) {
    values = voxels
    unit = nil
  }

  /// Reads `12` (voxels along x, and what is as long along the other axes), `4,12,12` (voxels an axis), `8um` or `8um,6um,6um`.
  ///
  /// `nil` for anything else, and for numbers that are not above zero.
  public init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let number = part.prefix { $0.isNumber || $0 == "." }
      return (Double(number), String(part.dropFirst(number.count)).trimmingCharacters(in: .whitespaces))
    }
    guard (1...3).contains(parts.count), Set(parts.map(\.1)).count == 1 else { return nil }
    let values = parts.compactMap(\.0)
    guard values.count == parts.count, values.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    self.values = values
    let suffix = parts[0].1
    if suffix.isEmpty || suffix == "vx" {
      unit = nil
    } else {
      guard let known = LengthUnit(suffix) else { return nil }
      unit = known.name
    }
  }

  /// As it was given.
  public var description: String {
    values.map { value in
      (value == value.rounded() && value < 1e15 ? String(Int(value)) : "\(value)") + (unit.map { " " + $0 } ?? " voxels")
    }
    .joined(separator: " × ")
  }

  /// Voxels along each axis of a lattice.
  ///
  /// - Throws: `PipelineError` where there are more or fewer numbers than axes, or the lattice's unit is not known and the diameter is a
  ///   length.
  package func voxels(in space: PhysicalSpace, of path: String) throws -> [Double] {
    guard values.count == 1 || values.count == space.rank else {
      throw PipelineError(
        "--diameter names \(values.count) axes, and \(path) has \(space.rank)", hint: "give one diameter, or one for each axis, z,y,x")
    }
    func value(_ axis: Int) -> Double { values[values.count == 1 ? 0 : axis] }
    guard let unit else {
      let last = space.spacing[space.rank - 1]
      return (0..<space.rank).map { values.count == 1 ? value($0) * last / space.spacing[$0] : value($0) }
    }
    guard let own = space.unit, let given = LengthUnit(unit) else {
      throw PipelineError(
        "--diameter is in \(unit)s, and \(path) does not say the unit of its spacing", hint: "give the diameter in voxels, as 12")
    }
    return (0..<space.rank).map { value($0) * given.factor(to: own) / space.spacing[$0] }
  }
}
