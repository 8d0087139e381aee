// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// How much memory this process has taken.
public enum PeakMemory {
  /// The most resident memory so far, in bytes; 0 where the system does not tell.
  public static func bytes() -> Int { bytes(ofProcess: "self") }

  /// The most that the processes of a process group, as long as they run, have had resident, each by itself, in bytes.
  package static func bytes(ofGroup group: Int32) -> Int {
    let processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { $0.allSatisfy(\.isNumber) }
    return processes.reduce(0) { sum, process in
      // After the name, which may hold anything and ends with the last parenthesis: state, parent, group.
      guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let end = stat.lastIndex(of: ")") else {
        return sum
      }
      let fields = stat[end...].split(separator: " ")
      return fields.count > 3 && Int32(fields[3]) == group ? sum + bytes(ofProcess: process) : sum
    }
  }

  private static func bytes(ofProcess process: String) -> Int {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return 0 }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
  }
}
