// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// Images that tests write by hand, so that they can lie.
struct ImageFolder {
  let url: URL

  init(_ url: URL) { self.url = url }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func names() -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }

  func put(_ text: String, _ name: String) throws { try put(Array(text.utf8), name) }

  func put(_ bytes: [UInt8], _ name: String) throws {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  /// A smooth image with some contrast everywhere.
  static func waves(_ z: Int, _ y: Int, _ x: Int) -> Float {
    100 + 40 * sin(Float(z) * 0.41 + Float(y) * 0.13) + 30 * cos(Float(y) * 0.37 - Float(x) * 0.11) + 20
      * sin(Float(x) * 0.53 + Float(z) * 0.2)
  }

  /// An NRRD of floats; lengths, spacing and origin in z, y, x order (2D: y, x).
  @discardableResult
  func nrrd(
    _ name: String, _ lengths: [Int], spacing: [Double]? = nil, origin: [Double]? = nil,
    _ voxel: (Int, Int, Int) -> Float = ImageFolder.waves
  ) throws -> String {
    let rank = lengths.count
    let steps = spacing ?? lengths.map { _ in 1 }
    let start = origin ?? lengths.map { _ in 0 }
    let directions = (0..<rank).reversed().map { axis in
      "(" + (0..<rank).reversed().map { $0 == axis ? "\(steps[axis])" : "0" }.joined(separator: ",") + ")"
    }
    let header = """
      NRRD0004
      type: float
      dimension: \(rank)
      \(rank == 3 ? "space: left-posterior-superior" : "space dimension: 2")
      sizes: \(lengths.reversed().map(String.init).joined(separator: " "))
      space directions: \(directions.joined(separator: " "))
      space origin: (\(start.reversed().map { "\($0)" }.joined(separator: ",")))
      endian: little
      encoding: raw


      """
    let three = [Int](repeating: 1, count: 3 - rank) + lengths
    var bytes = Array(header.utf8)
    for z in 0..<three[0] {
      for y in 0..<three[1] {
        for x in 0..<three[2] {
          let bits = voxel(z, y, x).bitPattern
          bytes += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) }
        }
      }
    }
    try put(bytes, name)
    return path(name)
  }

  /// An OME-Zarr 0.4 image of 16×16×16 voxels of `uint16` in one chunk; `edit` replaces text in its metadata.
  @discardableResult
  func zarr(_ name: String, scale: String = "[1, 1, 1]", compressor: String = "null", chunkBytes: Int = 8192, type: String = "<u2") throws
    -> String
  {
    let axes = ["z", "y", "x"].map { #"{"name": "\#($0)", "type": "space", "unit": "micrometer"}"# }.joined(separator: ",")
    try put(#"{"zarr_format": 2}"#, name + "/.zgroup")
    try put(
      """
      {"multiscales": [{"version": "0.4", "axes": [\(axes)], "datasets":
      [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": \(scale)}]}]}]}
      """, name + "/.zattrs")
    try put(
      """
      {"zarr_format": 2, "shape": [16, 16, 16], "chunks": [16, 16, 16], "dtype": "\(type)", "compressor": \(compressor),
      "fill_value": 0, "order": "C", "filters": null, "dimension_separator": "/"}
      """, name + "/0/.zarray")
    let voxels = (0..<chunkBytes).map { UInt8(truncatingIfNeeded: $0 % 2 == 1 ? 0 : ($0 / 2 % 16) * 9 + ($0 / 512) * 5) }
    try put(voxels, name + "/0/0/0/0")
    return path(name)
  }
}

extension ImageFolder {
  /// A plain Zarr array of bytes in one chunk, which tells of no place.
  func array(_ name: String, _ lengths: [Int], _ voxel: (Int) -> UInt8 = { _ in 1 }) throws {
    try put(
      """
      {"zarr_format": 2, "shape": \(lengths), "chunks": \(lengths), "dtype": "|u1", "compressor": null, "fill_value": 0, "order": "C",
      "filters": null}
      """, name + "/.zarray")
    try put((0..<lengths.reduce(1, *)).map(voxel), name + "/" + lengths.map { _ in "0" }.joined(separator: "."))
  }
}

/// Runs one command line, in which `@name` stands for a file of the folder.
func weft(_ line: String, in folder: ImageFolder) async -> Transcript {
  await Transcript(line.split(separator: " ").map { $0.hasPrefix("@") ? folder.path(String($0.dropFirst())) : String($0) })
}

/// Checks that a command line ends with a plain error that contains all of `parts`, and a hint.
func expectError(
  _ line: String, in folder: ImageFolder, status: Commands.ExitStatus = .failed, _ parts: [String],
  location: SourceLocation = #_sourceLocation
) async {
  let transcript = await weft(line, in: folder)
  #expect(transcript.status == status, "\(line): \(transcript.errors)", sourceLocation: location)
  // Notes of progress may come first.
  let error = transcript.errors.range(of: "error: ").map { String(transcript.errors[$0.lowerBound...]) } ?? ""
  for part in parts { #expect(error.contains(part), "\(line): \(transcript.errors)", sourceLocation: location) }
  if status == .failed { #expect(error.contains("\n\nhint: "), "\(line): \(transcript.errors)", sourceLocation: location) }
  #expect(transcript.output.isEmpty, sourceLocation: location)
}

/// A folder with `a.nrrd` and `b.nrrd`, 20³ voxels each, one a voxel from the other.
func withImagePair(_ body: (ImageFolder) async throws -> Void) async throws {
  try await withTemporaryFolder { url in
    let folder = ImageFolder(url)
    try folder.nrrd("a.nrrd", [20, 20, 20])
    try folder.nrrd("b.nrrd", [20, 20, 20]) { ImageFolder.waves($0, $1 + 1, $2) }
    try await body(folder)
  }
}
