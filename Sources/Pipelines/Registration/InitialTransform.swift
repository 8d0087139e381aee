// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Transforms
package import Volumes

/// Reads `--initial-transform`: an affine map of ITK, ANTs or elastix, a chain of such, landmark pairs, or what an earlier registration
/// found.
///
/// - Parameters:
///   - fixed: the lattice of the fixed image, its axes those of the map.
///   - moving: that of the moving one.
/// - Throws: an error that names the file, where it cannot be read, bends, or has another rank.
package func readInitialTransform(
  _ path: String, rank: Int, fixed: PhysicalSpace, moving: PhysicalSpace
) throws -> Transforms.AffineTransform {
  guard let isFolder = FileManager.default.isFolder(atPath: path) else {
    throw PipelineError(
      "--initial-transform \(path) does not exist", hint: "give an affine map (.mat, .txt, .tfm, .h5), landmark pairs, or an earlier result"
    )
  }
  let transform = try isFolder ? found(in: path, fixed.unit) : read(path, fixed, moving)
  guard transform.rank == rank else {
    throw PipelineError(
      "--initial-transform \(path) is \(transform.rank)D, and the images are \(rank)D", hint: "name a transform of the images' rank")
  }
  return transform
}

/// Of a chain that turns out to bend, no more is read.
private let mostBytes = 1 << 30

/// The affine part of an earlier registration.
private func found(in folder: String, _ unit: LengthUnit?) throws -> Transforms.AffineTransform {
  let earlier = try TransformFolder.open(folder)
  return TransformChain(earlier.transform.affine.onLast(earlier.rank), unit: earlier.transform.fixedSpace.unit).converted(to: unit).affine!
}

private func read(_ path: String, _ fixed: PhysicalSpace, _ moving: PhysicalSpace) throws -> Transforms.AffineTransform {
  switch try? TransformFileKind(of: path) {
  case .elastix, .itkComposite: break
  case .bigwarp:
    // Its points know no directions.
    guard [fixed, moving].allSatisfy({ $0.direction == AffineTransform.identity(rank: 3).matrix }) else {
      throw PipelineError(
        "--initial-transform \(path) is of BigWarp, which knows no direction cosines, and an image has some",
        hint: "make a start of it by `weft transform convert \(path) start.mat --fixed FIXED --moving MOVING`")
    }
  default:
    guard path.lowercased().hasSuffix(".csv") else { return try AffineTransform.read(contentsOf: path, unit: fixed.unit) }
    let pairs = try LandmarkPairs.read(contentsOf: path)
    return try .fitting(fixed: pairs.fixed, moving: pairs.moving)
  }
  guard let affine = try TransformChain.read(contentsOf: path, memory: mostBytes).chain.converted(to: fixed.unit).affine else {
    throw PipelineError(
      "--initial-transform \(path) holds a displacement field, and a registration starts from an affine map",
      hint: "apply it first (`weft apply`), and register what comes of it; `weft transform compose` joins both")
  }
  return affine
}
