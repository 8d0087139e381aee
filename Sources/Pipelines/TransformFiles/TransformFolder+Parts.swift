// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Transforms
internal import Volumes

/// What of a registration is meant.
public enum RegistrationPart: String, Sendable, CaseIterable, Codable {
  /// All of it.
  case whole
  /// The affine map.
  case affine
  /// The coarse warp.
  case coarse
  /// The blended local field.
  case local
}

extension TransformFolder {
  /// Where the fixed voxels lie.
  public var fixedLattice: FieldLattice { FieldLattice(extent: fixedExtent, space: transform.fixedSpace) }

  /// Where the moving voxels lie, in the unit of the fixed image.
  public var movingLattice: FieldLattice { FieldLattice(extent: movingExtent, space: movingSpace) }

  /// The transform as steps: local field, coarse warp, affine map.
  ///
  /// - Throws: `PipelineError` where the run has no such part.
  public func parts(_ part: RegistrationPart = .whole) throws -> PartedMap {
    var steps: [MapPart] = []
    func refuse(_ name: String) -> PipelineError {
      PipelineError("the registration has no \(name), which --part \(part.rawValue) asks for", hint: "leave --part out for all there is")
    }
    if part == .whole || part == .local {
      if let field {
        steps.append(.displacement(LocalFieldMap(field: field, folder: self), on: fixedLattice))
      } else if part == .local {
        throw refuse("local field")
      }
    }
    if part == .whole || part == .coarse {
      if let coarse = transform.coarse {
        steps.append(
          .displacement(FieldMap(coarse, edge: .nearest), on: FieldLattice(extent: coarse.vectors.extent, space: coarse.space)))
      } else if part == .coarse {
        throw refuse("coarse warp")
      }
    }
    if part == .whole || part == .affine { steps.append(.affine(transform.affine)) }
    return PartedMap(steps)
  }
}

/// The local field of a registration as a map of world points; read in parts.
private struct LocalFieldMap: PointMap {
  let field: LocalField
  let folder: TransformFolder
  private let recent = RecentRegions<SplineSampler>(most: 6)

  init(field: LocalField, folder: TransformFolder) {
    self.field = field
    self.folder = folder
  }

  func move(_ points: inout [SIMD3<Double>]) throws {
    let space = folder.transform.fixedSpace
    let toVoxel = (0..<3).map { axis in
      SIMD3(space.direction[0][axis], space.direction[1][axis], space.direction[2][axis]) / space.spacing[axis]
    }
    let toWorld = (0..<3).map { axis in
      SIMD3(space.direction[0][axis], space.direction[1][axis], space.direction[2][axis]) * space.spacing[axis]
    }
    let origin = SIMD3(space.origin[0], space.origin[1], space.origin[2])
    let voxels = points.map { point in
      let way = point - origin
      return SIMD3((toVoxel[0] * way).sum(), (toVoxel[1] * way).sum(), (toVoxel[2] * way).sum())
    }
    for (box, members) in PointGroups.boxes(voxels, in: folder.fixedExtent, margin: 2) {
      let sampler = try recent.content(over: box) { box in
        guard let part = try folder.local(over: box) else {
          throw PipelineError("the local field went away", hint: "run the registration again")
        }
        return SplineSampler(part)
      }
      for i in members {
        let u = sampler.displacement(at: voxels[i])
        points[i] += toWorld[0] * u[0] + toWorld[1] * u[1] + toWorld[2] * u[2]
      }
    }
  }
}
