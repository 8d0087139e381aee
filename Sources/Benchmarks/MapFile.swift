// SPDX-License-Identifier: Apache-2.0

import Foundation
import Weft

/// Maps as the shared evaluation reads them.
enum MapFile {
  /// Writes where each fixed voxel goes, in voxels of the moving image, as `T.npy`: (3, x, y, z), not a number outside the moving image.
  static func write(_ positions: VectorField, movingExtent: [Int], into folder: String) throws {
    let lengths = positions.extent.lengths
    var header = "{'descr': '<f4', 'fortran_order': True, 'shape': (3, \(lengths[2]), \(lengths[1]), \(lengths[0])), }"
    header += String(repeating: " ", count: 63 - (header.utf8.count + 10) % 64) + "\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count % 256), UInt8(header.utf8.count / 256)])
    data.append(contentsOf: header.utf8)
    var values: [Float] = []
    values.reserveCapacity(3 * positions.extent.count)
    for i in 0..<positions.extent.count {
      let at = [positions.x.elements[i], positions.y.elements[i], positions.z.elements[i]]
      let isInside = (0..<3).allSatisfy { at[$0] >= -0.01 && at[$0] <= Float(movingExtent[2 - $0]) - 0.99 }
      values += isInside ? at : [.nan, .nan, .nan]
    }
    unsafe values.withUnsafeBytes { unsafe data.append(contentsOf: $0) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: folder + "/T.npy"))
  }

  /// What the evaluation tells of the map in `folder` on the pair in the folder `pair`.
  static func judged(_ folder: String, pair: String, data: String? = nil) throws -> [String: Double] {
    let json = try Program.python("judge.py", [pair, folder], data: data, isShown: false)
    let all = try JSONSerialization.jsonObject(with: json) as? [String: Any] ?? [:]
    return all.compactMapValues { $0 as? Double }
  }
}
