// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import Volumes

/// A program in Python that speaks the worker protocol by hand, without any package.
struct WorkerScript {
  let folder: URL
  let path: String

  /// A program that is ready, then runs `body` for each request, in variables `request` and `count` (requests of this process so far).
  ///
  /// - Parameters:
  ///   - start: runs before the program is ready; `init` is its message.
  ///   - ready: members of the message `ready`, as Python writes them.
  init(_ folder: URL, start: String = "", ready: String = "", body: String = "answer(request, [1] * voxels(request))") throws {
    self.folder = folder
    path = folder.appendingPathComponent("program-\(UUID().uuidString).py").path
    func indented(_ code: String) -> String {
      code.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.joined(separator: "\n")
    }
    try """
    import array, json, os, sys, time
    log = \(Self.quoted(folder.appendingPathComponent("log.jsonl").path))
    codes = {"uint8": "B", "int8": "b", "uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "uint64": "Q", "int64": "q",
             "float32": "f", "float64": "d", "bool": "B"}
    def note(message):
        with open(log, "a") as file: file.write(json.dumps(message) + "\\n")
    def say(message):
        sys.stdout.write(json.dumps(message) + "\\n")
        sys.stdout.flush()
    def voxels(request):
        count = 1
        for length in request["shape"]: count *= length
        return count
    def tile(request):
        values = array.array("f")
        with open(request["input"], "rb") as file: values.fromfile(file, voxels(request))
        return values
    def answer(request, labels, dtype="uint32", shape=None, **more):
        with open(request["output"], "wb") as file: array.array(codes[dtype], labels).tofile(file)
        say({"type": "result", "id": request["id"], "dtype": dtype, "shape": shape or request["shape"][1:], **more})
    init = json.loads(sys.stdin.readline())
    note(init)
    \(start)
    say({"type": "ready", "name": "test", \(ready)})
    count = 0
    while True:
        line = sys.stdin.readline()
        if not line: break
        request = json.loads(line)
        if request["type"] == "shutdown": break
        count += 1
        note(request)
    \(indented(body))
    """.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// What runs it.
  var command: String { "python3 '\(path)'" }

  /// The messages that its processes got, as dictionaries.
  func messages() throws -> [[String: Any]] {
    try String(contentsOf: folder.appendingPathComponent("log.jsonl"), encoding: .utf8).split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }

  /// A text as Python writes it.
  static func quoted(_ text: String) -> String { "'\(text)'" }

  /// Options with a folder for tiles below `folder`.
  static func options(_ folder: URL, _ change: (inout WorkerOptions) -> Void = { _ in }) throws -> WorkerOptions {
    let tiles = folder.appendingPathComponent("tiles")
    try FileManager.default.createDirectory(at: tiles, withIntermediateDirectories: true)
    var options = WorkerOptions(folder: tiles.path)
    options.timeout = 60
    change(&options)
    return options
  }

  /// A segmenter that runs the program.
  func segmenter(_ change: (inout WorkerOptions) -> Void = { _ in }) throws -> CommandSegmenter {
    CommandSegmenter(command: command, options: try Self.options(folder, change))
  }
}

/// A tile whose voxel values count up from 0, and percentiles of a ramp from 0 to 1000.
func rampTile(_ extent: Extent = [4, 5], channels: Int = 1) -> (tile: SegmentationTile, context: SegmentationContext) {
  let ramp = VoxelBuffer<Float>(extent: extent, elements: (0..<extent.count).map(Float.init))
  let box = Box(lower: [Int](repeating: 3, count: extent.rank), extent: extent)
  var statistics = IntensityStatistics(minimum: 0, maximum: 1000, isInteger: true)
  statistics.add(VoxelBuffer(extent: [1001], elements: (0...1000).map(Float.init)))
  return (
    SegmentationTile(
      channels: [VoxelBuffer<Float>](repeating: ramp, count: channels), box: box, core: box, spacing: [2, 0.5, 0.5].suffix(extent.rank)),
    SegmentationContext(statistics: [IntensityStatistics](repeating: statistics, count: channels))
  )
}

/// The `WorkerError` that a piece of code ends with; `nil` where it ends otherwise.
func workerError<Result>(_ body: () throws -> Result) -> WorkerError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? WorkerError
  }
}
