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
      } else {
        try linkOrCopy(URL(fileURLWithPath: from), to: URL(fileURLWithPath: to))
      }
    }
  }

  /// A copy of a file that is a hard link where the file system has them.
  func linkOrCopy(_ source: URL, to target: URL) throws {
    if unsafe Foundation.link(source.path, target.path) != 0 { try copyItem(at: source, to: target) }
  }
}
