// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What was given to a cluster for a run: `jobs/record.jsonl`, a line a batch, so that whoever goes on with the run knows of it.
package struct JobRecord: Sendable {
  /// One batch.
  package struct Line: Sendable, Codable {
    /// The job's number; `nil` where it is being handed over, and where a run was begun or gone on with.
    package var job: String?
    /// The job's name; `nil` where a run was begun or gone on with.
    package var name: String?
    /// What runs it.
    package var engine: String?
    package var stage: String?
    /// The key of the stage.
    package var key: String?
    package var round: Int?
    /// How many groups.
    package var groups: Int?
    /// How many tasks of the stage were not done then.
    package var missing: Int?
    /// Bytes that each job may take.
    package var memory: Int?
    /// Whether it only tells how long tasks take.
    package var isProbe: Bool?
    /// Whether the cluster did not take it.
    package var isRefused: Bool?
    /// Whether it goes on with the run when others have ended.
    package var isContinuation: Bool?
  }

  private let file: URL
  /// What the names of the run's jobs begin with, and those of no other.
  let prefix: String

  /// The record of a run.
  package init(_ folder: RunFolder) {
    file = folder.jobs.appendingPathComponent("record.jsonl")
    prefix = "weft-\(Digest(folder.url.path.utf8).description.prefix(8))-"
  }

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

  /// All lines; torn ones are passed over, and what was said before a job was handed over that was taken or refused.
  package var lines: [Line] {
    let data = (try? Data(contentsOf: file)) ?? Data()
    let decoder = RunFolder.decoder
    let all = data.split(separator: UInt8(ascii: "\n")).compactMap { try? decoder.decode(Line.self, from: $0) }
    let settled = Set(all.filter { $0.job != nil || $0.isRefused == true }.compactMap(\.name))
    return all.filter { $0.job != nil || $0.name.map { !settled.contains($0) } ?? true }
  }

  /// The lines since somebody last began the run or went on with it.
  var present: ArraySlice<Line> {
    let lines = lines
    return lines[(lines.lastIndex { $0.job == nil && $0.name == nil } ?? lines.startIndex)...]
  }

  /// Whether jobs were handed over.
  package var isOfCluster: Bool { lines.contains { $0.name != nil } }

  /// Jobs that are at work or wait for their turn, whoever drives the run and whoever handed them over, and how far they are.
  ///
  /// - Throws: `RunError` where jobs were handed over and the scheduler does not answer.
  package func live() throws -> [String: String] {
    let jobs = lines.filter { $0.engine == SlurmEngine.engineName }.compactMap { line in
      line.job ?? line.name.flatMap(SlurmEngine.job(named:))
    }
    guard !jobs.isEmpty else { return [:] }
    return try SlurmEngine.states(of: jobs, prefix: prefix).compactMapValues { if case .live(let how) = $0 { how } else { nil } }
  }

  /// Ends the jobs that are at work or wait for their turn.
  ///
  /// - Returns: whether there were some.
  /// - Throws: as `live`.
  package func cancel() throws -> Bool {
    let jobs = try live().keys.sorted()
    SlurmEngine.cancel(jobs)
    return !jobs.isEmpty
  }
}
