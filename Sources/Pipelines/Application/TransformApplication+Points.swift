// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

extension TransformApplication {
  /// What applied points have to say for themselves.
  public struct PointResult: Sendable {
    /// How many points.
    public var count: Int
    /// Points that left the lattice they were brought to.
    public var outside: Int
    /// The largest distance left by the inversion, in fixed voxels; zero towards moving space, where none is inverted.
    public var largestInverseResidual: Double
    /// What coordinates are counted in: voxels, or a unit of length.
    public var unit: String
  }

  /// Maps the points of a CSV, or of GeoJSON in the plane, and writes them to `output`, all else untouched.
  ///
  /// Towards fixed space points of the moving image go by T⁻¹, towards moving space points of the fixed image by T, exactly.
  ///
  /// - Throws: `PipelineError` where the table or the output does not do.
  public func apply(toPointsIn path: String, output: String) throws -> PointResult {
    try requireKind(of: path, for: output)
    try OutputFolder.refuse(URL(fileURLWithPath: output), inside: path)
    if FileManager.default.fileExists(atPath: output), !options.overwrite {
      throw PipelineError("--output \(output) exists", hint: "choose another name, or give --overwrite")
    }
    try options.requireSense(forPoints: path)
    let file = try points(in: path)
    let fixedSpace = transforms.transform.fixedSpace
    let lifted = file.points.map { [Double](repeating: 0, count: 3 - $0.count) + $0 }
    let mapped: [[Double]]
    var outside = 0
    var residual = 0.0
    switch options.target {
    case .moving:
      let voxels = options.voxels ? lifted : lifted.map(fixedSpace.index(of:))
      let world = try transforms.map(fixedVoxels: voxels)
      outside = count(world.map(transforms.movingSpace.index(of:)), outside: transforms.movingExtent)
      mapped = options.voxels ? world.map(transforms.movingSpace.index(of:)) : world
    case .fixed:
      let world = options.voxels ? lifted.map(transforms.movingSpace.world(of:)) : lifted
      let found = try transforms.invert(world: world)
      residual = found.largestResidual
      outside = count(found.voxels, outside: transforms.fixedExtent)
      mapped = options.voxels ? found.voxels : found.voxels.map(fixedSpace.world(of:))
    }
    if let lost = mapped.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
      throw PipelineError(
        "\(path): the point \(ApplyOptions.text(file.points[lost])) comes to lie nowhere by the transforms",
        hint: "check the unit and the order of coordinates; --voxels takes them in voxels")
    }
    let text = try file.text(replacing: mapped.map { Array($0.suffix(transforms.rank)) })
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: output), options: .atomic) } catch {
      throw PipelineError("\(output) cannot be written: \(RunError.reason(error))", hint: "name a file in a folder you may write to")
    }
    return PointResult(
      count: file.points.count, outside: outside, largestInverseResidual: residual,
      unit: options.voxels ? "voxels" : fixedSpace.unit?.name ?? "the images' unit, which they do not name")
  }

  private func count(_ voxels: [[Double]], outside extent: Extent) -> Int {
    voxels.count { voxel in (0..<3).contains { voxel[$0] < -0.5 || voxel[$0] > Double(extent[$0]) - 0.5 } }
  }
}
