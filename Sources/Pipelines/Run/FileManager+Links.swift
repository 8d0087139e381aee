// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension FileManager {
  /// A copy of a folder whose files are hard links where the file system has them. Files in it are only ever replaced, never changed.
  func linkOrCopyFolder(_ source: String, to target: String) throws {
    try createDirectory(atPath: target, withIntermediateDirectories: true)
    for case let name as String in enumerator(atPath: source) ?? .init() {
      let (from, to) = (source + "/" + name, target + "/" + name)
      if isFolder(atPath: from) == true {
        try createDirectory(atPath: to, withIntermediateDirectories: true)
      } else if unsafe link(from, to) != 0 {
        try copyItem(atPath: from, toPath: to)
      }
    }
  }
}
