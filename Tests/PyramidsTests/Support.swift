// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import Pyramids
import TestSupport
import Volumes

/// The message of the error that `body` throws, with its hint; empty where it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch let error as any LocalizedError {
    return [error.errorDescription, error.recoverySuggestion].compactMap(\.self).joined(separator: " | ")
  } catch {
    return "another error: \(error)"
  }
}

/// Writes a text file, and the folders above it.
func put(_ text: String, _ name: String, in folder: URL) throws {
  let file = folder.appendingPathComponent(name)
  try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: file)
}

/// An array of pattern voxels in a folder.
func makeArray(_ extent: Extent, _ folder: URL, type: VoxelType = .uint16, format: ZarrFormat = .v2, names: [String?]? = nil) throws {
  let metadata = ArrayMetadata(
    format: format, extent: extent, chunk: Extent(extent.lengths.map { max($0, 1) }), voxelType: type, dimensionNames: names)
  let array = try ChunkedArray.create(at: folder.path, metadata)
  try array.write(patternVoxels(extent, seed: 7, as: UInt16.self), at: extent.lengths.map { _ in 0 })
}

/// An image of version 0.4 with one array of each extent and the given multiscale members.
func makeImage(_ extents: [Extent], _ multiscale: String, _ folder: URL, more: String = "") throws {
  for (index, extent) in extents.enumerated() { try makeArray(extent, folder.appendingPathComponent("\(index)")) }
  try put(#"{"zarr_format": 2}"#, ".zgroup", in: folder)
  try put("{\"multiscales\": [{\(multiscale)}]\(more)}", ".zattrs", in: folder)
}

let zyx =
  #""axes": [{"name": "z", "type": "space", "unit": "micrometer"}, {"name": "y", "type": "space", "unit": "micrometer"}, "#
  + #"{"name": "x", "type": "space", "unit": "micrometer"}]"#

/// A dataset of that path, scale and translation.
func dataset(_ path: String, _ scale: String, _ translation: String? = nil) -> String {
  let shift = translation.map { #", {"type": "translation", "translation": \#($0)}"# } ?? ""
  return #"{"path": "\#(path)", "coordinateTransformations": [{"type": "scale", "scale": \#(scale)}\#(shift)]}"#
}
