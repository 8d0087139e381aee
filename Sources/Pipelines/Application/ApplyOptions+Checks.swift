// SPDX-License-Identifier: Apache-2.0

internal import Volumes

extension ApplyOptions {
  /// - Throws: `PipelineError` where options contradict each other or the image.
  func requireSense(for image: String, of type: VoxelType) throws {
    if voxels {
      throw PipelineError(
        "--voxels says what the coordinates of points are counted in, and \(image) is an image",
        hint: "leave --voxels out; --input-spacing says what an image's file does not")
    }
    if let like, let other = spacing.map({ "--spacing \(Self.text($0))" }) ?? (cover == .fixed ? nil : "--extent \(cover.rawValue)") {
      throw PipelineError(
        "--like \(like) says which voxels the result has, and so does \(other)", hint: "leave one of the two out")
    }
    if isLabels, let interpolation, interpolation != .nearest, interpolation != .labelVote {
      throw PipelineError(
        "--labels says that \(image) holds labels, which are never blended, and --interpolation \(interpolation.rawValue) blends",
        hint: "leave --labels out, or give --interpolation nearest or label-vote")
    }
    guard isLabels || interpolation == .labelVote, !type.isInteger else { return }
    let way = isLabels ? "leave --labels out" : "choose another --interpolation, as linear"
    throw PipelineError("\(image) has voxels of \(type.rawValue), and labels are whole numbers", hint: way)
  }

  /// - Throws: `PipelineError` where options are for images alone.
  func requireSense(forPoints path: String) throws {
    let given = [
      ("--like", like != nil), ("--spacing", spacing != nil), ("--extent", cover != .fixed), ("--fill", fill != 0),
      ("--interpolation", interpolation != nil), ("--labels", isLabels), ("--format", format != nil), ("--ome-version", omeVersion != nil),
    ].first { $0.1 }
    if let name = given?.0 {
      throw PipelineError("\(name) is for images, and \(path) holds points", hint: "leave \(name) out")
    }
  }

  /// - Throws: `PipelineError` where voxels of that type cannot have the value outside.
  func requireFill<Voxel: VoxelScalar>(of image: String, as type: Voxel.Type) throws {
    let nearest = Voxel.saturating(real: fill)
    // Real numbers are rounded, as all values are; what is finite stays so.
    guard Voxel.voxelType.isInteger ? nearest.double == fill : nearest.isNumber == fill.isFinite else {
      throw PipelineError(
        "--fill \(Self.text([fill])) is no value of \(Voxel.voxelType.rawValue), which the voxels of \(image) are",
        hint: Voxel.voxelType.isInteger
          ? "give a whole number from \(Voxel.saturating(real: -Double.infinity)) to \(Voxel.saturating(real: Double.infinity))"
          : "give a smaller number")
    }
  }

  /// Numbers as a command line gives them.
  static func text(_ numbers: [Double]) -> String {
    numbers.map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : "\($0)" }.joined(separator: ",")
  }
}
