// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// How much memory a run may take, in bytes.
public struct MemoryBudget: Hashable, Sendable, Codable {
  /// Bytes for the whole process.
  public let bytes: Int

  /// A budget of that many bytes.
  public init(bytes: Int) { self.bytes = bytes }

  /// Reads `8GB`, `500MB`, `64GiB` or plain bytes; powers of 1000 without the `i`. `nil` for anything else, zero, or negative.
  public init?(_ text: String) {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let factors = [
      "": 1.0, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "kib": 1024, "mib": 1_048_576,
      "gib": 1_073_741_824, "tib": 1_099_511_627_776,
    ]
    guard let value = Double(number), let factor = factors[text.dropFirst(number.count).lowercased().trimmingCharacters(in: .whitespaces)],
      value * factor >= 1, value * factor < 9e18
    else { return nil }
    self.init(bytes: Int(value * factor))
  }

  /// 80 % of what this process can have: the least of the machine's available memory, its control group's limit (v1 and v2), and what Slurm
  /// gave the job on this machine.
  public static func available() -> MemoryBudget { available(environment: ProcessInfo.processInfo.environment) }

  /// What Slurm gave the job on this machine (`SLURM_MEM_PER_NODE`, or `SLURM_MEM_PER_CPU` for each of `SLURM_CPUS_ON_NODE`); `nil` where it
  /// set no limit.
  ///
  /// Both are megabytes of 1024²: https://slurm.schedmd.com/sbatch.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES
  private static func slurm(_ environment: [String: String]) -> Int? {
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 && $0 < 1 << 40 ? $0 : nil } }
    let megabytes = number("SLURM_MEM_PER_NODE") ?? number("SLURM_MEM_PER_CPU").map { $0 * min(number("SLURM_CPUS_ON_NODE") ?? 1, 1 << 16) }
    return megabytes.map { min($0, 1 << 40) << 20 }
  }

  package static func available(environment: [String: String]) -> MemoryBudget {
    var limit = min(meminfo("MemAvailable") ?? 4_000_000_000, slurm(environment) ?? .max)
    for path in ControlGroup.files("memory", unified: "memory.max", old: "memory.limit_in_bytes") {
      if let text = try? String(contentsOfFile: path, encoding: .utf8),
        let value = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)),
        value > 0
      {
        limit = min(limit, value)
      }
    }
    return MemoryBudget(bytes: Int(0.8 * Double(limit)))
  }

  private static func meminfo(_ key: String) -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix(key + ":") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}

extension MemoryBudget: CustomStringConvertible {
  /// As `8.0 GB`.
  public var description: String { Self.describe(bytes) }

  /// A number of bytes in the unit that fits, in powers of 1000.
  public static func describe(_ bytes: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 999.5 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(bytes) B" : String(format: value < 10 ? "%.1f" : "%.0f", value) + " " + units[unit]
  }
}
