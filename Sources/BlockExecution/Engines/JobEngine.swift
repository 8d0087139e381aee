// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Groups of tasks of one stage that are given to a cluster together.
package struct JobBatch: Sendable {
  /// Names the batch: no other one of any run has the same name.
  package var name: String
  /// The stage.
  package var stage: String
  /// The file with the groups.
  package var list: URL
  /// Which groups of the file.
  package var groups: Range<Int>
  /// After how many seconds a group begins no further task; `nil` for never.
  package var beginFor: Int?
  /// Bytes that a job may take.
  package var memory: Int
  /// Whether its tasks use a graphics processor.
  package var usesGPU: Bool

  package init(name: String, stage: String, list: URL, groups: Range<Int>, beginFor: Int?, memory: Int, usesGPU: Bool) {
    self.name = name
    self.stage = stage
    self.list = list
    self.groups = groups
    self.beginFor = beginFor
    self.memory = memory
    self.usesGPU = usesGPU
  }
}

/// How far a job is.
package enum JobState: Sendable, Hashable {
  /// It waits for its turn, or runs.
  case live(String)
  /// Nothing of it runs any more; how its parts ended, and how many of each.
  case ended([String: Int])
  /// The scheduler does not know it (any more).
  case unknown
}

/// Runs groups of tasks on a cluster. Whether they are done is seen in the files of the run, never here.
package protocol JobEngine: Sendable {
  /// As users call it.
  var name: String { get }
  /// How many groups a batch may have at the most.
  var mostGroups: Int { get }
  /// The least time between two questions, in seconds.
  var poll: Double { get }
  /// Bytes of the largest machine; `nil` where that is not known.
  var mostMemory: Int? { get }
  /// Whether it will never answer again.
  var isGone: Bool { get }

  /// Hands a batch over.
  ///
  /// - Returns: the job's number.
  /// - Throws: `JobLimit` where there are too many jobs already; `RunError` where it is refused.
  func submit(_ batch: JobBatch) async throws -> String

  /// Has a run go on in a job of its own when others have ended, however they did.
  ///
  /// - Returns: the number of that job.
  /// - Throws: `JobLimit` where there are too many jobs already; `RunError` where that is refused, or cannot be.
  func submitContinuation(of output: String, named name: String, after jobs: [String]) async throws -> String

  /// The number of a job that was handed over under a name; `nil` where there is none.
  func job(named name: String) -> String?

  /// How far jobs are; those that are not of the run are unknown.
  ///
  /// - Throws: `RunError` where the scheduler does not answer.
  func states(of jobs: [String]) throws -> [String: JobState]

  /// Whether jobs that ended wanted more memory than they had.
  func ranOutOfMemory(_ jobs: [String]) -> Bool

  /// Ends jobs; does not wait for it.
  func cancel(_ jobs: [String])

  /// Ends the job with a name that may be on its way to the cluster at this moment; does not wait for it.
  func cancel(named name: String)
}

/// The cluster takes no more jobs of this user as long as those are there that it has.
package struct JobLimit: Error {
  /// What it said.
  package var text: String

  package init(text: String) { self.text = text }
}
