// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import TestSupport
import Testing
import Volumes

/// The Python modules that come with Weft, in `$WEFT_PYTHON`: they need NumPy.
@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct WorkerModuleTests {
  @Test func aProgramOfThreeLinesSegments() throws {
    try withTemporaryFolder { folder in
      let code =
        "import weft_worker\nprint('hello')\nweft_worker.serve(lambda image, info: (image > info.lohi[0][0]).astype('uint16') * 5)\n"
      let method = CommandSegmenter(command: try command(code, folder), options: try WorkerScript.options(folder))
      let (tile, context) = rampTile()
      #expect(try method.segment(tile, context).elements == (0..<20).map { $0 > 10 ? 5 : 0 })
      #expect(try method.describe().name == "program.py")
      #expect(method.workers.warnings.isEmpty, "what is printed goes to standard error")
      method.shutdown()
    }
  }

  @Test func channelsComeFirstWhereThereAreSeveral() throws {
    try withTemporaryFolder { folder in
      let code = """
        import weft_worker
        def work(image, info):
            assert info.axes == "czyx" and image.shape == info.shape == (2, 2, 3, 4), (info.axes, image.shape)
            assert info.diameter == [1, 2, 3] and info.settings == {"a": 1} and info.spacing == [2, 0.5, 0.5] and info.offset == [3, 3, 3]
            image += 1  # the file is not written to
            return image.sum(axis=0) > 20
        weft_worker.serve(work)
        """
      let options = try WorkerScript.options(folder) {
        $0.diameter = [1, 2, 3]
        $0.settings = [("a", "1")]
      }
      let method = CommandSegmenter(command: try command(code, folder), options: options)
      let (tile, context) = rampTile([2, 3, 4], channels: 2)
      #expect(try method.segment(tile, context).elements == (0..<24).map { 2 * $0 + 2 > 20 ? 1 : 0 })
      method.shutdown()
    }
  }

  @Test func errorsKeepTheProgramAlive() throws {
    try withTemporaryFolder { folder in
      let code = """
        import weft_worker, numpy
        tiles = 0
        def work(image, info):
            global tiles
            tiles += 1
            if tiles == 1: raise ValueError("too dim")
            if tiles == 2: raise MemoryError("no room")
            if tiles == 3: raise weft_worker.InputError("not this one", "another one")
            if tiles == 4: return image, image
            if tiles == 5: return image.astype(complex)
            return numpy.full(image.shape, tiles, "float16" if tiles == 6 else ">i4")
        weft_worker.serve(work)
        """
      let method = CommandSegmenter(command: try command(code, folder), options: try WorkerScript.options(folder))
      let (tile, context) = rampTile()
      let errors = (0..<6).compactMap { _ in workerError { try method.segment(tile, context) } }
      #expect(errors.map(\.kind) == [.failure, .memory, .input, .input, .input, .output])
      #expect(errors[0].message.hasSuffix("failed: ValueError: too dim") && errors[0].details?.contains("in work") == true)
      #expect(errors[2].message.hasSuffix("refuses the tile: not this one") && errors[2].hint == "another one")
      #expect(errors[3].message.contains("returned tuple") && errors[4].message.contains("complex"))
      #expect(errors[5].message.contains("labels as float32"))
      #expect(try method.segment(tile, context).elements.allSatisfy { $0 == 7 })
      let filter = WorkerFilter(command: try command(code, folder), options: try WorkerScript.options(folder))
      #expect(workerError { try filter.apply(tile, context) }?.message.contains("serves no `image` requests") == true)
      filter.shutdown()
      method.shutdown()
    }
  }

  @Test func aFilterReturnsWhatItsFunctionMakes() throws {
    try withTemporaryFolder { folder in
      let code = "import weft_worker\nweft_worker.serve(image=lambda image, info: info.normalised(image))\n"
      let filter = WorkerFilter(command: try command(code, folder), options: try WorkerScript.options(folder))
      let (tile, context) = rampTile()
      let image = try filter.apply(tile, context)
      try #require(image.count == 1)
      for (index, value) in image[0].elements.enumerated() { #expect(abs(value - (Float(index) - 10) / 988) < 1e-6) }
      filter.shutdown()
    }
  }

  @Test(arguments: [0, 1]) func theExamplesOfTheDocumentationSegment(number: Int) throws {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let page = package.deletingLastPathComponent().appendingPathComponent("Docs/Reference/plugin-workers.md")
    let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```python\n").dropFirst()
    let code = try #require(blocks.compactMap { $0.components(separatedBy: "```").first }.dropFirst(number).first)
    try withTemporaryFolder { folder in
      let method = CommandSegmenter(command: try command(code, folder), options: try WorkerScript.options(folder))
      let (ramp, context) = rampTile([1, 8])
      var tile = ramp
      tile.channels[0].elements = [0, 600, 700, 0, 0, 900, 504, 505]
      // The threshold lies in the middle between 10 and 998.
      #expect(try method.segment(tile, context).elements == [0, 1, 1, 0, 0, 2, 0, 3])
      #expect(method.requirements.receptiveField == [1, 1, 1])
      method.shutdown()
    }
  }

  @Test func aProgramWhoseWeftIsGoneEnds() throws {
    try withTemporaryFolder { folder in
      // The module lies where a run of Weft put it.
      let method = CommandSegmenter(
        command: try command("import weft_worker\nweft_worker.serve(print)\n", folder), options: try WorkerScript.options(folder))
      _ = try method.describe()
      let tiles = folder.appendingPathComponent("tiles").path
      let pool = try #require(try FileManager.default.contentsOfDirectory(atPath: tiles).first)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: python ?? "")
      process.arguments = ["-c", "import time, weft_worker\nweft_worker.serve(lambda image, info: time.sleep(1000))"]
      process.environment = ["PYTHONPATH": "\(tiles)/\(pool)/modules", "PYTHONDONTWRITEBYTECODE": "1"]
      let input = Pipe()
      let output = Pipe()
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      try Data(count: 4).write(to: folder.appendingPathComponent("input"))
      let request = "{\"type\": \"segment\", \"id\": 1, \"input\": \"\(folder.path)/input\", \"output\": \"\(folder.path)/output\", "
      try input.fileHandleForWriting.write(contentsOf: Data("{\"type\": \"init\", \"protocol\": 1}\n".utf8))
      let ready = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      #expect(ready.contains("\"ready\""))
      let tile = "\"shape\": [1, 1, 1], \"axes\": \"cyx\", \"dtype\": \"float32\", \"lohi\": [[0, 1]], \"spacing\": [1, 1]}\n"
      try input.fileHandleForWriting.write(contentsOf: Data((request + tile).utf8))
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      method.shutdown()
    }
  }

  private func command(_ code: String, _ folder: URL) throws -> String {
    let path = folder.appendingPathComponent("program.py")
    try code.write(to: path, atomically: true, encoding: .utf8)
    return "'\(python ?? "")' '\(path.path)'"
  }
}
