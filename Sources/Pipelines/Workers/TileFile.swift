// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Volumes

/// Raw voxels in a file, as programs map them into memory: C order, the machine's own byte order, no header.
enum TileFile {
  /// Writes channels one after another.
  static func write(_ channels: [VoxelBuffer<Float>], to path: String) throws(WorkerError) {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure("written", path) }
    defer { close(file) }
    for channel in channels {
      let isWritten = unsafe channel.elements.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
          let count = unsafe Foundation.write(file, bytes.baseAddress! + done, bytes.count - done)
          if count < 0 && errno == EINTR { continue }
          if count <= 0 { return false }
          done += count
        }
        return true
      }
      guard isWritten else { throw failure("written", path) }
    }
  }

  /// How many bytes a file has; `nil` where there is none.
  static func size(_ path: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue
  }

  /// Reads so many voxels.
  static func read<Voxel: VoxelScalar>(_ path: String, count: Int, as type: Voxel.Type) throws(WorkerError) -> [Voxel] {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("read", path) }
    defer { close(file) }
    var voxels = [Voxel](unwritten: count)
    let isRead = unsafe voxels.withUnsafeMutableBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = unsafe Foundation.read(file, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return false }
        done += count
      }
      return true
    }
    guard isRead else { throw failure("read", path) }
    return voxels
  }

  private static func failure(_ verb: String, _ path: String) -> WorkerError {
    let reason = unsafe String(cString: strerror(errno))
    return WorkerError(
      .disk, "\(path) cannot be \(verb): \(reason)",
      hint: "tiles pass through this folder: check that it is there, has room, and may be written to")
  }
}
