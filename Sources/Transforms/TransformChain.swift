// SPDX-License-Identifier: Apache-2.0

public import Volumes

/// A transform as a file of some program holds it: affine maps and displacement fields, one after another.
public struct TransformChain: Sendable {
  /// One transform of the chain, on three axes; 2D lies in one plane.
  public enum Part: Sendable {
    case affine(AffineTransform)
    case field(DisplacementField)
  }

  /// 2 or 3.
  public var rank: Int
  /// The parts, in the order in which a point goes through them.
  public var parts: [Part]
  /// The unit of all lengths; `nil` where none is known.
  public var unit: LengthUnit?

  /// A chain.
  public init(rank: Int, parts: [Part], unit: LengthUnit?) {
    self.rank = rank
    self.parts = parts
    self.unit = unit
  }

  /// An affine map of two or three axes.
  public init(_ affine: AffineTransform, unit: LengthUnit?) {
    self.init(rank: affine.rank, parts: [.affine(affine.liftedToThreeAxes())], unit: unit)
  }

  /// The fields, in the order in which they act.
  public var fields: [DisplacementField] {
    parts.compactMap { if case .field(let field) = $0 { field } else { nil } }
  }

  /// All of it as one affine map of `rank` axes; `nil` where it holds a displacement field.
  public var affine: AffineTransform? {
    var whole = AffineTransform.identity(rank: 3)
    for part in parts {
      guard case .affine(let map) = part else { return nil }
      whole = map.after(whole)
    }
    return whole.onLast(rank)
  }

  /// The same with its lengths in another unit; unchanged where either unit is unknown.
  public func converted(to target: LengthUnit?) -> TransformChain {
    guard let unit, let target, unit != target else { return self }
    let factor = unit.factor(to: target)
    let parts = parts.map { part -> Part in
      switch part {
      case .affine(let map): .affine(map.scaled(by: factor))
      case .field(var field):
        .field(
          {
            field.space.unit = unit
            return field.converted(to: target)
          }())
      }
    }
    return TransformChain(rank: rank, parts: parts, unit: target)
  }

  /// Neighbouring affine maps made one, and those that leave every point where it is left out.
  public var simplified: TransformChain {
    var simple = self
    simple.parts = []
    for part in parts {
      if case .affine(let map) = part, case .affine(let before)? = simple.parts.last {
        simple.parts[simple.parts.count - 1] = .affine(map.after(before))
      } else {
        simple.parts.append(part)
      }
    }
    simple.parts.removeAll { if case .affine(let map) = $0 { map == .identity(rank: 3) } else { false } }
    if simple.parts.isEmpty { simple.parts = [.affine(.identity(rank: 3))] }
    return simple
  }
}

extension TransformChain: PointMap {
  /// Beyond a field's lattice nothing is displaced, as in ITK and ANTs.
  public func move(_ points: inout [SIMD3<Double>]) {
    for part in parts {
      switch part {
      case .affine(let map): map.move(&points)
      case .field(let field): FieldMap(field, edge: .none).move(&points)
      }
    }
  }
}
