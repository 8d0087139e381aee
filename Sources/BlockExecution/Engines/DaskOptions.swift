// SPDX-License-Identifier: Apache-2.0

/// Where a Dask scheduler is found, and how its workers are chosen.
public struct DaskOptions: Sendable, Hashable, Codable {
  /// The scheduler's address, as `tcp://host:8786`.
  public var scheduler: String?
  /// A file that the scheduler wrote (`--scheduler-file`).
  public var schedulerFile: String?
  /// What of a worker's resources a job takes, by name.
  public var resources: [String: Double] = [:]
  /// The Python that has `distributed`.
  public var python = "python3"

  /// No scheduler.
  public init() {}
}
