// SPDX-License-Identifier: Apache-2.0

public import Segmentation
public import Volumes

/// A user's program that makes images of tiles: it speaks the worker protocol (Docs/Reference/plugin-workers.md).
public struct WorkerFilter: Sendable {
  /// The programs that run.
  public let workers: WorkerPool
  private let program: String

  /// A filter that runs a command, as `python my.py`, by `/bin/sh`.
  public init(command: String, options: WorkerOptions) {
    let launch = WorkerLaunch(command: command)
    program = launch.program
    workers = WorkerPool(launch, options: options)
  }

  /// What the program says of itself; it is started to be asked.
  ///
  /// - Throws: `WorkerError` where it cannot be started or is not ready in time.
  public func describe() throws -> WorkerDescription { try workers.describe() }

  /// The image that the program makes of a tile.
  ///
  /// - Returns: voxels of the whole tile, halo included, one buffer for each channel that the program returns.
  /// - Throws: `WorkerError` where the program fails, or returns what is no image of the tile.
  public func apply(_ tile: SegmentationTile, _ context: SegmentationContext) throws -> [VoxelBuffer<Float>] {
    try workers.work(.image, tile, context) { answer, output in
      try WorkerResult(answer, output: output, program: program).images(of: tile.extent, program: program)
    }
  }

  /// Lets all programs end, and removes their files.
  public func shutdown() { workers.shutdown() }
}
