// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
public import Grids
internal import Pipelines
public import Volumes

/// Puts what a network made of patches back together: one OME-Zarr image a class.
///
/// The patches lie on a grid whose cores cover the image to its edges and which overlap by a halo on each side; where several reach a voxel their mean is
/// taken, weighted by how deep it lies in each, as everywhere in Weft (`BlendWindow`). Patches may come in any order, from any thread; a chunk is written when
/// the last patch that reaches it has come, and the result does not depend on the order. Patches wait in memory, or in a file each where they would take more
/// than `memory`.
public final class PredictionWriter: Sendable {
  /// Where a patch goes.
  public struct Position: Sendable, Hashable {
    /// Counted from 0, z slowest.
    public let index: Int
    /// The voxels that the network is given, all inside the image: as many as were asked for, unless the image is smaller.
    public let box: Box
  }

  /// The patches, in an order in which few wait for others.
  public let positions: [Position]
  /// The classes.
  public let classes: [String]

  private let state: PredictionState

  /// - Parameters:
  ///   - folder: that the images are written to, as `folder/mito.ome.zarr`; none of them may exist.
  ///   - extent: voxels of the result, three axes.
  ///   - patch: voxels that the network is given.
  ///   - overlap: voxels by which neighbouring patches overlap, even; a quarter of the patch where it is `nil`.
  ///   - memory: bytes of patches that may wait.
  ///   - inputs: images in none of which the results may lie.
  /// - Throws: `PipelineError` where patches and overlap do not fit each other, or a result exists or lies inside an input.
  public init(
    to folder: String, classes: [String], extent: Extent, space: PhysicalSpace, patch: Extent, overlap: [Int]? = nil,
    voxelType: VoxelType = .float32, memory: Int = 1 << 30, inputs: [String] = []
  ) throws {
    try OutputFolder.refuse(folder, inside: inputs)
    let state = try PredictionState(
      folder: folder, classes: classes, extent: extent, space: space, patch: patch, overlap: overlap, voxelType: voxelType, memory: memory)
    (self.state, self.classes) = (state, classes)
    positions = state.positions
  }

  /// Takes a patch: numbers class by class, each z, y, x of the position's box, or of the whole patch where the image is smaller (what is beyond is left
  /// out). Any thread.
  ///
  /// - Throws: `PipelineError` where it has another size, came before, or cannot be written.
  public func write(_ numbers: [Float], at position: Position) throws { try state.take(numbers, position.index) }

  /// Writes what is left, makes the pyramids and gives the images their names.
  ///
  /// - Throws: `PipelineError` where patches are missing, naming the first.
  public func finish() throws { try state.finish() }
}
