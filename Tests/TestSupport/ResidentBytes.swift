// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Bytes of memory that this process holds; 0 under a sanitizer, which keeps what is freed.
public func residentBytes() -> Int {
  if ProcessInfo.processInfo.environment["WEFT_SANITIZER"] != nil { return 0 }
  let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
  return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
}
