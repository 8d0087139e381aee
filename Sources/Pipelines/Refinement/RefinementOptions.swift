// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Grids
public import Registration

/// How blocks of a finished registration are registered again; every field has the default of the command line.
public struct RefinementOptions: Sendable, Codable {
  /// The similarity that is maximised; `auto` takes that of the run.
  public var metric = RegistrationMetric.auto
  /// How much work is done; `nil` takes that of the run.
  public var accuracy: Accuracy?
  /// How far around its core a block is read, at least as far as in the run; `nil` for as far. Blocks are blended over the run's overlap.
  public var overlap: Overlap?
  /// Standard deviation of the Gaussian that smooths a block's whole displacement after each step, in voxels; `nil` goes by the images' noise.
  /// Up to `mostSmoothing`.
  public var smoothing: Double?
  /// A wider Gaussian leaves a block of the usual size no displacement at all.
  public static let mostSmoothing = 100.0
  /// The most memory; `nil` is that of the run.
  public var memory: MemoryBudget?
  /// How many threads compute; `nil` takes all that this process may use.
  public var threads: Int?
  /// How often a task that fails is tried again.
  public var retries = 2
  /// Where tasks are run.
  public var executor = ExecutorOptions()
  /// Whether a block that keeps failing ends the run; else it displaces nothing, and has its row.
  public var isStrict = false
  /// Whether `.weft/` is kept.
  public var keepWork = false

  /// The defaults.
  public init() {}

  /// What results depend on, by name, as far as it is not as in the run.
  var settings: [String: String] {
    var settings: [String: String] = [:]
    if metric != .auto { settings["metric"] = metric.rawValue }
    settings["accuracy"] = accuracy?.rawValue
    settings["overlap"] = overlap?.description
    settings["smoothing"] = smoothing.map { "\($0)" }
    return settings
  }

  /// The attempts that vary nothing that was asked for.
  func allowed(_ attempts: [FineAttempt]) -> [FineAttempt] {
    attempts.filter { attempt in
      switch attempt {
      case .widerHalo: overlap == nil
      case .smoother: smoothing == nil
      case .otherMetric: metric == .auto
      case .planned, .refined: true
      }
    }
  }
}

/// What one call of `weft refine` did, as `run.json` tells.
struct RefinementRecord: Codable, Equatable {
  var weft = WeftVersion.current
  var blocks: [Int]
  /// What was not as in the run.
  var settings: [String: String]
}
