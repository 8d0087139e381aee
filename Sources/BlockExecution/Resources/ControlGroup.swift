// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The control groups that this process is in, versions 1 and 2.
enum ControlGroup {
  /// The files of a setting, of this process's group and of all above it.
  ///
  /// - Parameters:
  ///   - controller: `memory` or `cpu`.
  ///   - unified: the file's name in version 2.
  ///   - old: its name in version 1.
  static func files(_ controller: String, unified: String, old: String) -> [String] {
    let membership = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    var files: [String] = []
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let (root, file): (String, String)
      if fields[1].isEmpty {
        (root, file) = ("/sys/fs/cgroup", unified)
      } else if fields[1].split(separator: ",").contains(Substring(controller)) {
        (root, file) = ("/sys/fs/cgroup/\(controller)", old)
      } else {
        continue
      }
      var path = String(fields[2])
      while true {
        files.append(root + (path == "/" ? "" : path) + "/" + file)
        guard path != "/", let slash = path.lastIndex(of: "/") else { break }
        path = slash == path.startIndex ? "/" : String(path[..<slash])
      }
    }
    return files
  }
}
