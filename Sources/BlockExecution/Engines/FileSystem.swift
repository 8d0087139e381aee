// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What kind of file system a path lies on.
package enum FileSystem {
  /// Those of a disk, which no other machine writes to.
  private static let local: Set<Substring> = ["btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"]

  /// Whether other machines may write there too, so that what they wrote may be seen late.
  ///
  /// - Parameter mounts: what is mounted where, as the kernel tells it.
  package static func isShared(
    _ path: String, mounts: String? = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
  ) -> Bool {
    let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path + "/"
    var found: (length: Int, kind: Substring)?
    for line in (mounts ?? "").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 2 else { continue }
      // Blanks are written as octal numbers: https://man7.org/linux/man-pages/man5/fstab.5.html
      let place = words[1].replacingOccurrences(of: "\\040", with: " ")
      // A later line covers an earlier one.
      if path.hasPrefix(place == "/" ? "/" : place + "/"), place.count >= found?.length ?? 0 { found = (place.count, words[2]) }
    }
    return found.map { !local.contains($0.kind) } ?? true
  }
}
