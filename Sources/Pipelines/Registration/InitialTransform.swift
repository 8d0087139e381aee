// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Transforms
internal import Volumes

/// Reads `--initial-transform`: an ITK/ANTs affine, or a CSV of landmark pairs.
///
/// - Throws: an error that names the file, where it cannot be read or has another rank.
func readInitialTransform(_ path: String, rank: Int, unit: LengthUnit?) throws -> AffineTransform {
  guard FileManager.default.fileExists(atPath: path) else {
    throw PipelineError(
      "--initial-transform \(path) does not exist", hint: "give an ITK/ANTs affine (.mat, .txt, .tfm) or a CSV of landmark pairs")
  }
  let transform =
    try path.lowercased().hasSuffix(".csv") ? fitted(path) : AffineTransform.read(contentsOf: path, unit: unit)
  guard transform.rank == rank else {
    throw PipelineError(
      "--initial-transform \(path) is \(transform.rank)D, and the images are \(rank)D", hint: "name a transform of the images' rank")
  }
  return transform
}

private func fitted(_ path: String) throws -> AffineTransform {
  let pairs = try LandmarkPairs.read(contentsOf: path)
  return try .fitting(fixed: pairs.fixed, moving: pairs.moving)
}
