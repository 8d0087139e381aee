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
  let kind: TransformFileKind
  do { kind = try TransformFileKind(of: path) } catch {
    throw PipelineError(
      "--initial-transform: \(error.message)",
      hint:
        "affine maps of ITK, ANTs and elastix, landmarks of BigWarp or with the columns fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x, "
        + "and folders of `weft register` are read; a bare matrix becomes a .mat by `weft transform convert MATRIX start.mat --from greedy` "
        + "(or bigstream)")
  }
  // Points of BigWarp know no directions.
  guard kind != .bigwarp || [fixed, moving].allSatisfy({ $0.direction == AffineTransform.identity(rank: 3).matrix }) else {
    throw PipelineError(
      "--initial-transform \(path) is of BigWarp, which knows no direction cosines, and an image has some",
      hint: "make a start of it by `weft transform convert \(path) start.mat --fixed FIXED --moving MOVING`")
  }
  guard kind != .itkField, let affine = try TransformChain.read(contentsOf: path, memory: mostBytes).chain.converted(to: fixed.unit).affine
  else {
    throw PipelineError(
      "--initial-transform \(path) holds a displacement field, which bends, and a registration starts from an affine map",
      hint:
        "give the affine map that was found with it (.mat, .txt, .tfm); or bring MOVING along by the field first, and register what comes of it"
    )
  }
  return affine
}
