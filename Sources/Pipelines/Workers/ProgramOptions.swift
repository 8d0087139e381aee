// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// What a user says of a program that works on tiles.
public struct ProgramOptions: Sendable, Hashable, Codable {
  /// The command, as `python my.py`, where it is a program of the user's own.
  public var command: String?
  /// The Python that built-in methods run in.
  public var python = "python3"
  /// A model's file or folder, or the name of one that lies in the method's cache already.
  public var model: String?
  /// Settings for the program, as `name=value`.
  public var settings: [String] = []
  /// Whether the program may use a graphics processor.
  public var usesGPU = false
  /// Seconds that the program may take for a tile; `nil` for as long as it likes.
  public var timeout: Double?
  /// The usual diameter of an object, in voxels.
  var diameter: [Double]?

  /// The defaults.
  public init() {}

  /// How the program is run.
  ///
  /// - Throws: `PipelineError` where a setting is none.
  package func workerOptions(rank: Int, threads: Int?) throws -> WorkerOptions {
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("weft-tiles-\(UUID().uuidString)")
    var worker = WorkerOptions(folder: place.path)
    worker.python = python
    worker.model = model
    worker.settings = try settings.map { text in
      guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
        throw PipelineError("the setting `\(text)` has no name and value", hint: "give it as --set name=value")
      }
      return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }
    worker.usesGPU = usesGPU
    worker.diameter = diameter
    worker.timeout = timeout
    worker.rank = rank
    // One program has the graphics processor; without one, as many as tiles at once.
    worker.slots = usesGPU ? 1 : ThreadCount.resolved(threads)
    worker.threads = 1
    return worker
  }

  /// What the program's results depend on.
  func parameters(_ said: WorkerDescription) -> [String: String] {
    ["program": said.text, "settings": settings.joined(separator: " "), "graphics processor": "\(usesGPU)"].merging(fileParameters) { $1 }
  }

  /// What can be told of the program without starting it: its files and its model.
  var fileParameters: [String: String] {
    [
      "model": model.map { ProgramFile.identity($0) ?? $0 } ?? "none",
      "program files": command.map { ProgramFile.identities(inCommand: $0).joined(separator: ", ") } ?? "none",
    ]
  }
}

extension WorkerDescription {
  /// Name and versions in one line.
  var text: String {
    let versions = packages.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return [name, version].filter { !$0.isEmpty }.joined(separator: " ") + (versions.isEmpty ? "" : " (\(versions))")
  }
}

extension WorkerPool {
  /// Lets the programs end, and says what they printed where they should not have.
  func end(_ progress: any ProgressReporter) {
    for warning in warnings { progress.report(.warning(warning)) }
    shutdown()
  }
}
