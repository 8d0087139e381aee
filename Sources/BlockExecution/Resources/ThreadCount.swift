// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// How many threads a run may use.
public enum ThreadCount {
  /// More than any machine has; beyond it threads only take memory.
  static let most = 1024

  /// The threads that were asked for, within reason, or else all that are available.
  public static func resolved(_ asked: Int?) -> Int { asked.map { max(1, min($0, most)) } ?? available() }

  /// The least of: the processors this process may run on, its control group's quota, and `SLURM_CPUS_PER_TASK` where set; at least 1.
  public static func available() -> Int {
    var count = ProcessInfo.processInfo.activeProcessorCount
    if let allowed = allowedProcessors() { count = min(count, allowed) }
    if let slurm = ProcessInfo.processInfo.environment["SLURM_CPUS_PER_TASK"].flatMap({ Int($0) }), slurm > 0 { count = min(count, slurm) }
    if let quota = cgroupQuota() { count = min(count, max(1, Int(quota.rounded(.up)))) }
    return max(1, count)
  }

  /// How many processors the scheduler lets this process run on (`taskset`, Slurm's bindings).
  private static func allowedProcessors() -> Int? {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) else { return nil }
    let count = line.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue).map(\.nonzeroBitCount).reduce(0, +)
    return count > 0 ? count : nil
  }

  /// Processors that the control groups leave to this process.
  private static func cgroupQuota() -> Double? {
    func numbers(_ path: String) -> [Double] {
      ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    }
    let quotas = ControlGroup.files("cpu", unified: "cpu.max", old: "cpu.cfs_quota_us").compactMap { file -> Double? in
      let values =
        numbers(file) + (file.hasSuffix("_quota_us") ? numbers(file.replacingOccurrences(of: "_quota_us", with: "_period_us")) : [])
      return values.count == 2 && values[0] > 0 && values[1] > 0 ? values[0] / values[1] : nil
    }
    return quotas.min()
  }
}
