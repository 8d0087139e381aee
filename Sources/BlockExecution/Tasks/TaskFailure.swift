// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A task that did not succeed, on record until it does.
public struct TaskFailure: Sendable, Codable {
  /// The stage.
  public var stage: String
  /// The number in the stage.
  public var task: Int
  /// How often it was tried.
  public var attempts: Int
  /// The last error.
  public var error: String
  /// What to do about it, where known.
  public var hint: String?
  /// Where it ran.
  public var host: String
  /// Whether another attempt would end the same way.
  public var isFinal: Bool?

  /// In one line: where, how often, and why.
  public var text: String { "\(stage), task \(task), failed on \(host) after \(attempts) attempt\(attempts == 1 ? "" : "s"): \(error)" }

  func write(to folder: RunFolder) {
    let file = Self.file(folder, stage, task)
    try? RunFolder.encoder.encode(self).write(to: file, options: .atomic)
  }

  static func clear(_ folder: RunFolder, _ stage: String, _ task: Int) {
    unsafe unlink(file(folder, stage, task).path)
  }

  private static func file(_ folder: RunFolder, _ stage: String, _ task: Int) -> URL {
    folder.failures(of: stage).appendingPathComponent("\(task).json")
  }
}
