// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What was given to a cluster for a run: `jobs/record.jsonl`, a line a batch, so that whoever goes on with the run knows of it.
package struct JobRecord: Sendable {
  /// One batch.
  package struct Line: Sendable, Codable {
    /// The job's number; `nil` where a run was begun or gone on with.
    package var job: String?
    /// What runs it.
    package var engine: String?
    package var stage: String?
    /// The key of the stage.
    package var key: String?
    package var round: Int?
    /// How many groups.
    package var groups: Int?
    /// Bytes that each job may take.
    package var memory: Int?
    /// Whether it only tells how long tasks take.
    package var isProbe: Bool?
    /// Whether it goes on with the run when others have ended.
    package var isContinuation: Bool?
  }

  private let file: URL

  /// The record of a run.
  package init(_ folder: RunFolder) { file = folder.jobs.appendingPathComponent("record.jsonl") }

  /// Adds a line.
  ///
  /// - Throws: where it does not reach the disk.
  func append(_ line: Line) throws {
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: RunFolder.encoder.encode(line) + Data("\n".utf8))
    try handle.synchronize()
  }

  /// All lines; torn ones are passed over.
  package var lines: [Line] {
    let data = (try? Data(contentsOf: file)) ?? Data()
    let decoder = RunFolder.decoder
    return data.split(separator: UInt8(ascii: "\n")).compactMap { try? decoder.decode(Line.self, from: $0) }
  }

  /// The lines since somebody last began the run or went on with it.
  var present: ArraySlice<Line> {
    let lines = lines
    return lines[(lines.lastIndex { $0.job == nil } ?? lines.startIndex)...]
  }

  /// Jobs that are at work or wait for their turn, whoever drives the run, and how far they are; none where no scheduler tells.
  package func live() -> [String: String] {
    let jobs = present.filter { $0.engine == SlurmEngine.engineName }.compactMap(\.job)
    guard !jobs.isEmpty, let states = try? SlurmEngine.states(of: jobs) else { return [:] }
    return states.compactMapValues { if case .live(let how) = $0 { how } else { nil } }
  }

  /// Ends the jobs that are at work or wait for their turn.
  ///
  /// - Returns: whether there were some.
  package func cancel() -> Bool {
    let jobs = live().keys.sorted()
    SlurmEngine.cancel(jobs)
    return !jobs.isEmpty
  }
}
