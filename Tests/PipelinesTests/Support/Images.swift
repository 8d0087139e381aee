// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Registration
import Transforms
import Volumes

/// An image in memory, its leading axes named by `axes`.
func image<Voxel: VoxelScalar>(
  _ voxels: VoxelBuffer<Voxel>, _ space: PhysicalSpace? = nil, axes: String? = nil, name: String = "image", format: String = "OME-Zarr 0.5",
  isColour: Bool = false
) -> StoredImage {
  let names = axes ?? String("zyx".suffix(voxels.extent.rank))
  let axes = names.map { Axis(name: String($0)) }
  let space = space ?? PhysicalSpace(spacing: axes.filter { $0.kind == .space }.map { _ in 1 }, unit: .micrometer)
  return StoredImage(
    path: "/nowhere/\(name)", format: format, axes: axes, levels: [.init(source: ArraySource(voxels), space: space, name: "0")],
    isColour: isColour)
}

extension KnownPair {
  /// The pair as opened images of 16-bit voxels.
  var images: (fixed: StoredImage, moving: StoredImage) {
    (
      image(fixed.converted(to: UInt16.self), fixedSpace, name: "fixed"),
      image(moving.converted(to: UInt16.self), movingSpace, name: "moving")
    )
  }
}

/// Options for small volumes: two threads, a memory that does not depend on the machine.
func smallOptions(_ accuracy: Accuracy = .draft, block: [Int]? = nil, overlap: Overlap = .fraction(0.4)) -> RegistrationOptions {
  var options = RegistrationOptions()
  options.accuracy = accuracy
  options.blockExtent = block
  options.overlap = overlap
  options.downsample = 2
  options.threads = 2
  options.memory = MemoryBudget(bytes: 2_000_000_000)
  return options
}

/// A coarse result that is known: the map, and foreground everywhere.
func knownCoarse(_ affine: AffineTransform, _ coarse: DisplacementField? = nil, on space: PhysicalSpace, extent: Extent)
  -> CoarseRegistration
{
  let lifted = space.liftedToThreeAxes()
  let lengths = [Int](repeating: 1, count: 3 - extent.rank) + extent.lengths
  return CoarseRegistration(
    transform: ComposedTransform(affine: affine, coarse: coarse, fixedSpace: lifted),
    foreground: Mask(voxels: VoxelBuffer(extent: Extent(lengths), repeating: 1), space: lifted))
}

/// The finest level of an image on disk, all axes.
func readAll<Voxel: VoxelScalar>(_ path: String, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
  let source = try StoredImage.open(path).levels[0].source
  return try source.read(source.extent.box, as: type)
}

/// Every file below a folder with its bytes, by its path inside it.
func files(below folder: String) throws -> [String: Data] {
  var found: [String: Data] = [:]
  for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
    let path = folder + "/" + name
    if (try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType) == .typeRegular {
      found[name] = try Data(contentsOf: URL(fileURLWithPath: path))
    }
  }
  return found
}

/// The largest difference between two buffers of one extent.
func largestDifference<Voxel: VoxelScalar>(_ a: VoxelBuffer<Voxel>, _ b: VoxelBuffer<Voxel>) -> Double {
  zip(a.elements, b.elements).map { abs($0.double - $1.double) }.max() ?? 0
}

/// What an error says, and its hint after a bar; empty where there is none.
func message(_ body: () async throws -> Void) async -> String {
  do {
    try await body()
    return ""
  } catch let error as any LocalizedError {
    return [error.errorDescription, error.recoverySuggestion].compactMap(\.self).joined(separator: " | ")
  } catch { return "\(error)" }
}
