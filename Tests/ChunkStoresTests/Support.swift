// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Volumes

/// Writes a metadata file into a folder.
func put(_ text: String, _ name: String, in folder: URL) throws {
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  try Data(text.utf8).write(to: folder.appendingPathComponent(name))
}

/// A `.zarray` file of 4 × 6 voxels in chunks of 2 × 3, with the given members in place of the usual ones.
func zarray(_ changes: [String: String] = [:], without missing: [String] = []) -> String {
  var members = [
    "zarr_format": "2", "shape": "[4, 6]", "chunks": "[2, 3]", "dtype": "\"<u2\"", "compressor": "null", "fill_value": "0",
    "order": "\"C\"", "filters": "null",
  ]
  members.merge(changes) { $1 }
  return "{" + members.filter { !missing.contains($0.key) }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
}

/// A `zarr.json` file of an array of 4 × 6 voxels in chunks of 2 × 3, with the given members in place of the usual ones.
func zarrJSON(_ changes: [String: String] = [:], without missing: [String] = []) -> String {
  var members = [
    "zarr_format": "3", "node_type": "\"array\"", "shape": "[4, 6]", "data_type": "\"uint16\"",
    "chunk_grid": #"{"name": "regular", "configuration": {"chunk_shape": [2, 3]}}"#,
    "chunk_key_encoding": #"{"name": "default", "configuration": {"separator": "/"}}"#, "fill_value": "0",
    "codecs": #"[{"name": "bytes", "configuration": {"endian": "little"}}]"#, "attributes": "{}",
  ]
  members.merge(changes) { $1 }
  return "{" + members.filter { !missing.contains($0.key) }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
}

/// Opens an array with the given `.zarray`.
func openV2(_ text: String, _ folder: URL) throws -> ChunkedArray {
  try put(text, ".zarray", in: folder)
  return try ChunkedArray.open(at: folder.path)
}

/// Opens an array with the given `zarr.json`.
func openV3(_ text: String, _ folder: URL) throws -> ChunkedArray {
  try put(text, "zarr.json", in: folder)
  return try ChunkedArray.open(at: folder.path)
}

/// The message of the `ChunkStoreError` that `body` throws; empty where it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch let error as ChunkStoreError {
    return error.message
  } catch {
    return "another error: \(error)"
  }
}

/// The files under a folder, as paths relative to it, sorted.
func files(in folder: URL) -> [String] {
  ((FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String]) ?? []).filter {
    var isFolder: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: folder.path + "/" + $0, isDirectory: &isFolder) && !isFolder.boolValue
  }.sorted()
}

/// Voxels of random values that fit any type, in runs so that they compress.
func randomVoxels(_ extent: Extent, using random: inout SeededGenerator) -> VoxelBuffer<UInt8> {
  var elements: [UInt8] = []
  while elements.count < extent.count {
    let value = UInt8.random(in: 0...127, using: &random)
    elements += [UInt8](repeating: value, count: Int.random(in: 1...9, using: &random))
  }
  return VoxelBuffer(extent: extent, elements: Array(elements.prefix(extent.count)))
}
