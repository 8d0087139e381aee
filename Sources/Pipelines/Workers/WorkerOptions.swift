// SPDX-License-Identifier: Apache-2.0

/// How a program that segments tiles is run.
public struct WorkerOptions: Sendable {
  /// The Python that built-in methods run with; searched on the `PATH` where it names no folder.
  public var python = "python3"
  /// A model's file or folder, or the name of a model that lies in the method's own cache; never downloaded.
  public var model: String?
  /// Settings for the method, passed through; values are read as JSON where they are JSON (numbers, `true`, lists), as text where not. Of
  /// two with the same name the last one counts.
  public var settings: [(String, String)] = []
  /// Whether the program may use a graphics processor.
  public var usesGPU = false
  /// Expected diameter of an object in voxels, slowest axis first.
  public var diameter: [Double]?
  /// Seconds a tile may take before its program is ended; nothing for as long as it likes.
  public var timeout: Double?
  /// Seconds that a program may take to start, its model loaded; `timeout` where that is longer.
  public var startTimeout = 600.0
  /// How many programs run at once at the most, and so how many tiles.
  public var slots = 1
  /// Threads that each program should use, told to it and to the usual libraries; nothing for their own choice.
  public var threads: Int?
  /// Spatial axes of the image, where known: programs are told, and a stride of one number is meant for so many axes.
  public var rank: Int?
  /// A folder for tiles in passing, made where it is missing; what is put there is removed by `shutdown`. Memory (`/dev/shm`) serves well.
  public var folder: String

  /// One program, no graphics processor, no limit.
  public init(folder: String) { self.folder = folder }
}
