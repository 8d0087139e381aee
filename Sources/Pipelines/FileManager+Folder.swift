// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension FileManager {
  /// Whether `path` is a folder (following links); `nil` where nothing is there.
  func isFolder(atPath path: String) -> Bool? {
    guard fileExists(atPath: path) else { return nil }
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    return (try? attributesOfItem(atPath: real)[.type] as? FileAttributeType) == .typeDirectory
  }
}
