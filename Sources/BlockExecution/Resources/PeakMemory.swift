// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// How much memory this process has taken.
public enum PeakMemory {
  /// The most resident memory so far, in bytes; 0 where the system does not tell.
  public static func bytes() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 } ?? 0
  }
}
