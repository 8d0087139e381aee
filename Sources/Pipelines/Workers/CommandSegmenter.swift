// SPDX-License-Identifier: Apache-2.0

public import Segmentation
public import Volumes

/// A user's program as a method: it speaks the worker protocol (Docs/Reference/plugin-workers.md).
public struct CommandSegmenter: Segmenter {
  /// The programs that run.
  public let workers: WorkerPool
  private let program: String

  /// A method that runs a command, as `python my.py`, by `/bin/sh`.
  public init(command: String, options: WorkerOptions) {
    let launch = WorkerLaunch(command: command)
    program = launch.program
    workers = WorkerPool(launch, options: options)
  }

  /// What the program needs; it is started to be asked. Nothing special where it cannot be: `describe` says why.
  public var requirements: SegmenterRequirements { (try? workers.describe())?.requirements ?? SegmenterRequirements() }

  /// What the program says of itself; it is started to be asked.
  ///
  /// - Throws: `WorkerError` where it cannot be started or is not ready in time.
  public func describe() throws -> WorkerDescription { try workers.describe() }

  public func segment(_ tile: SegmentationTile, _ context: SegmentationContext) throws -> VoxelBuffer<UInt32> {
    try workers.labels(tile, context, program: program)
  }

  /// Lets all programs end, and removes their files.
  public func shutdown() { workers.shutdown() }
}
