// SPDX-License-Identifier: Apache-2.0

/// What is asked of Slurm for each job; what is `nil` is left to the site's defaults.
public struct SlurmOptions: Sendable, Hashable, Codable {
  /// What may differ between stages.
  public struct Request: Sendable, Hashable, Codable {
    /// `--partition`.
    public var partition: String?
    /// `--time`: the most time that a job may take, as Slurm writes it.
    public var time: String?
    /// `--mem`; `nil` for what the run may take.
    public var memory: MemoryBudget?
    /// `--cpus-per-task`; `nil` for 4, or fewer where no node has as many.
    public var cpus: Int?
    /// `--gpus`.
    public var gpus: Int?

    /// The site's defaults.
    public init() {}

    /// This request, with `other` where that says something.
    package func overridden(by other: Request?) -> Request {
      var request = self
      guard let other else { return self }
      request.partition = other.partition ?? partition
      request.time = other.time ?? time
      request.memory = other.memory ?? memory
      request.cpus = other.cpus ?? cpus
      request.gpus = other.gpus ?? gpus
      return request
    }
  }

  /// For every stage.
  public var request = Request()
  /// For single stages, by name.
  public var stages: [String: Request] = [:]
  /// `--account`.
  public var account: String?
  /// `--qos`.
  public var qos: String?
  /// `--constraint`.
  public var constraint: String?
  /// Lines of shell that run before the tasks, as `module load …`.
  public var setup: [String] = []
  /// Further options of `sbatch`.
  public var extra: [String] = []

  /// The site's defaults.
  public init() {}

  /// What is asked for a stage.
  func request(for stage: String) -> Request { request.overridden(by: stages[stage]) }
}
