// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// The folder of real volumes beside the project: `$WEFT_SHARED`, or `../shared` from the package. `nil` where it is missing; tests that
/// need it then skip with a plain line.
public let sharedData: URL? = {
  let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let folder =
    ProcessInfo.processInfo.environment["WEFT_SHARED"].map { URL(fileURLWithPath: $0) }
    ?? package.deletingLastPathComponent().appendingPathComponent("shared")
  let data = folder.appendingPathComponent("data")
  if FileManager.default.fileExists(atPath: data.path) { return data }
  print("skipped: tests on real volumes, because \(data.path) is missing")
  return nil
}()
