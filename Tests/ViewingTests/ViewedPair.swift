// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pyramids
import TestSupport
import Viewing
import Volumes

/// What a registration leaves, small, with the records that its folder would have; and its fixed image elsewhere.
struct ViewedPair {
  let folder: URL
  var out: String { folder.path + "/out" }
  var fixed: String { folder.path + "/in/brain.ome.zarr" }

  /// Makes a pair in a temporary folder.
  static func with(_ body: (ViewedPair) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let pair = ViewedPair(folder: folder)
      for name in ["in", "out"] {
        try FileManager.default.createDirectory(at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
      }
      try pair.writeImage("in/brain.ome.zarr")
      try pair.writeImage("out/registered.ome.zarr")
      try pair.write("out/run.json", #"{"command": "register", "fixed": {"path": "\#(pair.fixed)"}, "moving": {"path": "gone"}}"#)
      try body(pair)
    }
  }

  func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }

  /// Writes an image of 20 × 30 × 40 voxels that grows from 0 along x to 39.
  func writeImage(
    _ name: String, extent: Extent = [20, 30, 40],
    space: PhysicalSpace = PhysicalSpace(spacing: [2, 0.5, 0.25], origin: [10, 20, 30], unit: .micrometer), channels: Int? = nil,
    isLabels: Bool = false
  ) throws {
    var layout = PyramidLayout(extent: extent, voxelType: isLabels ? .uint32 : .uint16, space: space)
    if let channels { layout.leadingAxes = [.init(Axis(name: "c"), length: channels)] }
    (layout.isLabels, layout.levelCount) = (isLabels, 1)
    let writer = try PyramidWriter.begin(layout, at: folder.appendingPathComponent(name).path)
    var voxels = VoxelBuffer<UInt32>(extent: layout.fullExtent)
    for index in layout.fullExtent.box.indices { voxels[index] = UInt32(index[index.count - 1] + (channels == nil ? 0 : 100 * index[0])) }
    let origin = [Int](repeating: 0, count: layout.fullExtent.lengths.count)
    if isLabels { try writer.write(voxels, at: origin) } else { try writer.write(voxels.converted(to: UInt16.self), at: origin) }
    try writer.finish()
  }

  /// The state of a folder of the pair, as Neuroglancer reads it.
  func state(_ name: String = "out", image: String? = nil, labels: [String] = []) throws -> (state: NeuroglancerState, json: [String: Any])
  {
    let viewed = try ViewedFolder(folder.path + "/" + name, image: image, labels: labels)
    let state = try NeuroglancerState(viewed, at: "http://127.0.0.1:8080")
    return (state, try JSONSerialization.jsonObject(with: Data(state.text.utf8)) as? [String: Any] ?? [:])
  }
}
