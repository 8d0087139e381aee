// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Volumes

/// A result of a program for a tile of 2×3, and what becomes of it.
struct Returned: Sendable, CustomTestStringConvertible {
  var values: String
  var type: String
  var shape = "[2, 3]"
  var labels: [UInt32]? = nil
  var message = ""

  var testDescription: String { "\(type) \(values) \(shape)" }
}

struct WorkerOutputTests {
  @Test(arguments: [
    Returned(values: "[0, 1, 2, 3, 4, 255]", type: "uint8", labels: [0, 1, 2, 3, 4, 255]),
    Returned(values: "[0, 65535, 7, 7, 0, 9]", type: "uint16", labels: [0, 65535, 7, 7, 0, 9]),
    Returned(values: "[0, 4294967295, 7, 7, 0, 9]", type: "uint32", labels: [0, 4_294_967_295, 7, 7, 0, 9]),
    Returned(values: "[0, 100, 7, 7, 0, 90]", type: "int32", labels: [0, 100, 7, 7, 0, 90]),
    Returned(values: "[0, 100, 7, 7, 0, 90]", type: "int64", labels: [0, 100, 7, 7, 0, 90]),
    Returned(values: "[0, 1 << 40, 7, 7, 0, 1 << 40]", type: "int64", labels: [0, 1, 2, 2, 0, 1]),
    Returned(values: "[(1 << 64) - 1, 0, 7, 7, 0, 9]", type: "uint64", labels: [1, 0, 2, 2, 0, 3]),
    Returned(values: "[0, 1, 1, 0, 3, 0]", type: "bool", labels: [0, 1, 1, 0, 1, 0]),
  ])
  func labelsOfEveryWholeFormatAreTaken(returned: Returned) throws {
    #expect(try segment(returned).get().elements == returned.labels)
  }

  @Test(arguments: [
    Returned(values: "[0, 1, -1, 0, 3, 0]", type: "int32", message: "negative label, -1 at voxel (0, 2)"),
    Returned(values: "[0, 1, 1, 0, -9, 0]", type: "int64", message: "negative label, -9 at voxel (1, 1)"),
    Returned(values: "[0, 1, 1, 0, 3, 0]", type: "float64", message: "labels as float64, though all of them are whole"),
    Returned(
      values: "[0, 1, float('nan'), 0, 3, 0]", type: "float32", message: "float32 values in place of labels, as nan at voxel (0, 2)"),
    Returned(values: "[0, 0.25, 1, 0, 3, 0]", type: "float64", message: "float64 values in place of labels, as 0.25 at voxel (0, 1)"),
    Returned(values: "[0] * 6", type: "uint8", shape: "[3, 2]", message: "labels of 3×2 voxels (2D) for a tile of 2×3 (2D)"),
    Returned(values: "[0] * 6", type: "uint8", shape: "[1, 2, 3]", message: "labels of 1×2×3 voxels (3D) for a tile of 2×3 (2D)"),
    Returned(values: "[0] * 5", type: "uint8", message: "6 bytes, but the file `output` has 5 bytes"),
    Returned(values: "[0] * 6", type: "uint8", shape: "[2, -3]", message: "shape [2,-3], which is no list of lengths"),
    Returned(values: "[0] * 6", type: "uint8", shape: "'2x3'", message: "shape \"2x3\", which is no list of lengths"),
  ])
  func whatAreNoLabelsIsRefused(returned: Returned) throws {
    guard case .failure(let error) = try segment(returned) else {
      Issue.record("taken")
      return
    }
    #expect(error.kind == .output && !error.mayRetry)
    #expect(error.message.contains(returned.message), "\(error.message)")
    #expect(error.hint != nil)
  }

  @Test(arguments: ["complex64", "object", ""])
  func aStrangeFormatIsRefused(type: String) throws {
    try withTemporaryFolder { folder in
      let body = "say({'type': 'result', 'id': request['id'], 'dtype': '\(type)', 'shape': [2, 3]})"
      let method = try WorkerScript(folder, body: body).segmenter()
      let (tile, context) = rampTile([2, 3])
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.kind == .output && error.message.contains("dtype `\(type)`"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func aResultThatWasNotWrittenIsRefused() throws {
    try withTemporaryFolder { folder in
      // The first tile's result must not pass for the second one's.
      let body =
        "if count == 1: answer(request, [1] * 6)\nelse: say({'type': 'result', 'id': request['id'], 'dtype': 'uint32', 'shape': [2, 3]})"
      let method = try WorkerScript(folder, body: body).segmenter()
      let (tile, context) = rampTile([2, 3])
      #expect(try method.segment(tile, context).elements == [1, 1, 1, 1, 1, 1])
      #expect(workerError { try method.segment(tile, context) }?.message.contains("is not there") == true)
      method.shutdown()
    }
  }

  @Test func imagesOfEveryFormatAndOfSeveralChannelsAreTaken() throws {
    try withTemporaryFolder { folder in
      let body = """
        if count == 1: answer(request, [v / 2 for v in tile(request)], 'float64')
        elif count == 2: answer(request, range(12), 'int16', [2, 2, 3])
        elif count == 3: answer(request, [float('nan')] * 6, 'float32', [1, 2, 3])
        else: answer(request, range(12), 'int16', [1, 2, 2, 3])
        """
      let script = try WorkerScript(folder, body: body)
      let filter = WorkerFilter(command: script.command, options: try WorkerScript.options(folder))
      let (tile, context) = rampTile([2, 3])
      #expect(try filter.apply(tile, context).map(\.elements) == [[0, 0.5, 1, 1.5, 2, 2.5]])
      #expect(try filter.apply(tile, context).map(\.elements) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
      let blank = try filter.apply(tile, context)
      #expect(blank.count == 1 && blank[0].elements.allSatisfy(\.isNaN))
      #expect(workerError { try filter.apply(tile, context) }?.message.contains("an image of 1×2×2×3 voxels (4D)") == true)
      #expect(try script.messages().last?["type"] as? String == "image")
      filter.shutdown()
    }
  }

  private func segment(_ returned: Returned) throws -> Result<VoxelBuffer<UInt32>, WorkerError> {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: "answer(request, \(returned.values), '\(returned.type)', \(returned.shape))").segmenter()
      defer { method.shutdown() }
      let (tile, context) = rampTile([2, 3])
      do { return .success(try method.segment(tile, context)) } catch let error as WorkerError { return .failure(error) }
    }
  }
}
