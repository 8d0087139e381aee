// SPDX-License-Identifier: Apache-2.0

/// A run goes on in jobs of a cluster, without this process. Nothing is wrong.
public struct RunDetached: Error, Sendable {
  /// What the run writes.
  public let output: String
  /// The stage that was handed over.
  public let stage: String
  /// The numbers of the jobs; the last one goes on with the run.
  public let jobs: [String]

  /// Whether nothing but the plan was made.
  public var isPlanOnly: Bool { jobs.isEmpty }

  /// What happened, and what can be done, in two lines.
  public var text: String {
    if isPlanOnly {
      return "planned, and nothing of it is done: `weft plan export \(output)` tells the commands that do it, "
        + "`weft resume \(output)` does it here"
    }
    return "handed over: jobs \(jobs.joined(separator: ", ")) run the stage `\(stage)` and go on by themselves\n"
      + "`weft status \(output)` tells how far the run is, `weft cancel \(output)` stops it"
  }
}
