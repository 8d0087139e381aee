// SPDX-License-Identifier: Apache-2.0

public import Segmentation
public import Volumes

/// Cellpose or StarDist as a method, in a Python that has it.
///
/// Tiles are normalised by percentiles of the whole image, never by their own. A model that is not there is an error: nothing is
/// downloaded.
public struct PythonSegmenter: Segmenter {
  /// A method that Weft knows how to call.
  public enum Backend: String, Sendable, CaseIterable {
    /// Cellpose 3 and 4 (Stringer et al. 2021, Pachitariu & Stringer 2022).
    case cellpose
    /// StarDist in 2D and 3D (Schmidt et al. 2018, Weigert et al. 2020).
    case stardist
  }

  /// The programs that run.
  public let workers: WorkerPool
  private let program: String

  /// A method that runs in `options.python`.
  public init(_ backend: Backend, options: WorkerOptions) {
    let name = backend == .cellpose ? "Cellpose" : "StarDist"
    program = "\(name) in `\(options.python)`"
    let python = options.python
    let launch = WorkerLaunch(
      program: program, backend: backend.rawValue,
      arguments: { [python, WorkerModules.script(backend.rawValue, in: $0)] },
      startHint: "name a Python that has it by --python, as that of a virtual environment made for it")
    workers = WorkerPool(launch, options: options)
  }

  /// What the model needs; it is loaded to be asked. Nothing special where it cannot be: `describe` says why.
  public var requirements: SegmenterRequirements { (try? workers.describe())?.requirements ?? SegmenterRequirements() }

  /// What the method says of itself, with the versions of its packages; the model is loaded.
  ///
  /// - Throws: `WorkerError` where Python, the method or the model are not there.
  public func describe() throws -> WorkerDescription { try workers.describe() }

  public func segment(_ tile: SegmentationTile, _ context: SegmentationContext) throws -> VoxelBuffer<UInt32> {
    try workers.labels(tile, context, program: program)
  }

  /// Lets all programs end, and removes their files.
  public func shutdown() { workers.shutdown() }
}
