// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Volumes

/// Answers that are none of those that are wanted.
struct WorkerAnswerTests {
  @Test(arguments: [
    "say({'type': 'done', 'id': request['id']})", "say({'type': 'done'})", "say({'type': 'ready'})", "say({'type': 'Result', 'id': 1})",
  ])
  func anAnswerOfAnotherTypeIsAnErrorAtOnce(body: String) throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: body).segmenter { $0.timeout = 50 }
      let (tile, context) = rampTile()
      let clock = ContinuousClock()
      let began = clock.now
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.kind == .conversation && error.message.contains("where `result` or `error` is wanted"), "\(error.message)")
      #expect(clock.now - began < .seconds(30))
      method.shutdown()
    }
  }

  @Test func aProgramThatIsReadyByAnotherWordIsAnErrorAtOnce() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, start: "say({'type': 'started'})").segmenter { $0.startTimeout = 50 }
      let error = try #require(workerError { try method.describe() })
      #expect(error.kind == .conversation && error.message.contains("`started`"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func aProgramThatOnlyRepeatsWhatItReadsIsAnErrorAtOnce() throws {
    try withTemporaryFolder { folder in
      let method = CommandSegmenter(command: "cat", options: try WorkerScript.options(folder) { $0.startTimeout = 50 })
      let error = try #require(workerError { try method.describe() })
      #expect(error.kind == .conversation && error.message.contains("`cat` answers `init` with `init`"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func ofMasksTheUserIsWarned() throws {
    try withTemporaryFolder { folder in
      let (tile, context) = rampTile()
      let masks = try WorkerScript(folder, body: "answer(request, [1] * voxels(request), 'bool')").segmenter()
      for _ in 0..<2 { _ = try masks.segment(tile, context) }
      let warning = try #require(masks.workers.warnings.first)
      #expect(warning.contains("a mask (bool) of 2 tiles") && warning.contains("label(mask)"), "\(warning)")
      masks.shutdown()
      let labels = try WorkerScript(folder).segmenter()
      _ = try labels.segment(tile, context)
      #expect(labels.workers.warnings.isEmpty)
      labels.shutdown()
    }
  }

  @Test func ofTooLittleMemoryTheHintNamesTheOptions() throws {
    try withTemporaryFolder { folder in
      let body = "say({'type': 'error', 'id': request['id'], 'kind': 'oom', 'message': 'MemoryError'})"
      let method = try WorkerScript(folder, body: body).segmenter()
      let (tile, context) = rampTile()
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.hint?.contains("--tile-shape") == true && error.hint?.contains("--threads") == true, "\(error.hint ?? "")")
      method.shutdown()
    }
  }
}
