// SPDX-License-Identifier: Apache-2.0

package import Grids
internal import Transforms
package import Volumes

/// The lattice that an image is brought onto, on three axes (2D as one plane), in the unit of the transforms.
package struct OutputGrid: Sendable, Equatable {
  package var extent: Extent
  package var space: PhysicalSpace

  /// No result has more voxels: such a number comes from a wrong unit or origin.
  private static let mostVoxels = 1 << 44

  package init(extent: Extent, space: PhysicalSpace) {
    self.extent = extent
    self.space = space
  }

  /// The lattice of the image that was registered there.
  init(of transforms: TransformFolder, towards target: ApplyOptions.Target) {
    switch target {
    case .fixed: self.init(extent: transforms.fixedExtent, space: transforms.transform.fixedSpace)
    case .moving: self.init(extent: transforms.movingExtent, space: transforms.movingSpace)
    }
  }

  /// The lattice that is asked for.
  ///
  /// - Parameters:
  ///   - image: what is brought along, on three axes, in the unit of the transforms.
  ///   - name: what to call it.
  /// - Throws: `PipelineError` where an image or a spacing does not fit, or the lattice would have more voxels than any image.
  init(_ options: ApplyOptions, _ transforms: TransformFolder, for image: LazyVolume, named name: String) throws {
    if let like = options.like {
      self = try Self(like: like, transforms)
      return
    }
    let registered = Self(of: transforms, towards: options.target)
    self = registered
    if options.cover == .union {
      let moved = try Self.extremes(of: image, named: name, transforms, options.target)
      self = try covering(moved.lower, moved.upper, name)
    }
    if let spacing = options.spacing { self = try spaced(spacing, rank: transforms.rank) }
  }

  /// The voxels of another image.
  private init(like path: String, _ transforms: TransformFolder) throws {
    let image = try StoredImage.open(path).volumes(channel: 0).finest
    guard image.rank == transforms.rank else {
      throw PipelineError(
        "--like \(path) is \(image.rank)D, and the transforms are \(transforms.rank)D",
        hint: "name an image of the rank of the pair that was registered")
    }
    let lifted = image.placed(in: image.space.converted(to: transforms.transform.fixedSpace.unit)).liftedToThreeAxes()
    self.init(extent: lifted.extent, space: lifted.space)
  }

  /// The lattice grown by whole voxels to hold a box of (fractional) voxels, too.
  private func covering(_ lower: [Double], _ upper: [Double], _ name: String) throws -> OutputGrid {
    // A thousandth of a voxel beyond a border counts as on it where images are resampled.
    let first = (0..<3).map { extent[$0] == 1 ? 0 : min(0, (lower[$0] + 1e-3).rounded(.down)) }
    let last = (0..<3).map { extent[$0] == 1 ? 0 : max(Double(extent[$0] - 1), (upper[$0] - 1e-3).rounded(.up)) }
    let lengths = try Self.lengths(zip(first, last).map { $1 - $0 + 1 }) {
      PipelineError(
        "--extent union makes \($0) voxels: \(name) comes to lie from voxel \(ApplyOptions.text(first)) to \(ApplyOptions.text(last)) of "
          + "the \(extent) of the image registered there",
        hint: "look at origin and unit of both by `weft info`, or leave --extent union out")
    }
    return OutputGrid(extent: lengths, space: space.cropped(at: first.map { Int($0) }))
  }

  /// The lattice with voxels of another size, outer edges where they are, the upper ones as near as whole voxels allow.
  private func spaced(_ spacing: [Double], rank: Int) throws -> OutputGrid {
    let text = ApplyOptions.text(spacing)
    guard spacing.count == rank, spacing.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw PipelineError(
        "--spacing \(text) is not \(rank) distances above zero, and the transforms are \(rank)D",
        hint: "give one for each axis, as \(rank == 2 ? "0.5,0.5" : "2,0.5,0.5")")
    }
    let wanted = (rank == 2 ? [space.spacing[0]] : []) + spacing
    let scale = zip(wanted, space.spacing).map(/)
    let unit = space.unit.map { " " + $0.name } ?? ""
    let error = { (made: String) in
      PipelineError(
        "--spacing \(text) makes \(made) voxels of an image of \(self.extent) voxels, \(ApplyOptions.text(self.space.spacing))\(unit) apart",
        hint: "give distances between voxels in that unit")
    }
    let lengths = try Self.lengths((0..<3).map { (Double(extent[$0]) / scale[$0]).rounded() }, orThrow: error)
    var result = OutputGrid(extent: lengths, space: space)
    result.space.spacing = wanted
    result.space.origin = space.world(of: scale.map { ($0 - 1) / 2 })
    return result
  }

  private static func lengths(_ lengths: [Double], orThrow error: (_ made: String) -> PipelineError) throws -> Extent {
    guard lengths.allSatisfy({ $0 >= 1 && $0 < Double(Int32.max) }), lengths.reduce(1, *) <= Double(mostVoxels) else {
      throw error(lengths.map { ApplyOptions.text([$0]) }.joined(separator: "×"))
    }
    return Extent(lengths.map { Int($0) })
  }
}

extension OutputGrid: CustomStringConvertible {
  /// All that tells it from another, in a line.
  package var description: String {
    let turned = space.direction == PhysicalSpace.identity(rank: 3) ? "" : ", along \(space.direction)"
    return "\(extent) voxels of \(ApplyOptions.text(space.spacing)) from \(ApplyOptions.text(space.origin))\(turned)"
  }
}
