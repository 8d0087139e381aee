// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Pyramids
import TestSupport
import Volumes

/// Rounds of imaging of one tissue, each of which lies elsewhere: channel 0 is common, channel 1 is half of it and 100, so that it shows whether
/// both were brought along alike.
struct ImagedRounds {
  let folder: String
  static let channels = ["DAPI", "CD3"]
  private static let lengths = [28, 40, 36]

  /// Where a file of this folder lies.
  func path(_ name: String) -> String { folder + "/" + name }
  var out: String { path("out") }

  /// `round1.ome.zarr`, the reference, to `round3.ome.zarr` in a temporary folder.
  static func with(_ body: (ImagedRounds) async throws -> Void) async throws {
    try await withTemporaryFolder { url in
      let rounds = ImagedRounds(folder: url.path)
      try rounds.write(KnownPair(lengths).fixed, "round1.ome.zarr")
      try rounds.write(shifted(by: [1, -2, 2]), "round2.ome.zarr")
      try rounds.write(shifted(by: [-1, 1, -2]), "round3.ome.zarr")
      try await body(rounds)
    }
  }

  /// What a round sees, which lies elsewhere than its file says.
  private static func shifted(by origin: [Double]) -> VoxelBuffer<Float> {
    KnownPair(lengths, moving: PhysicalSpace(spacing: [1, 1, 1], origin: origin, unit: .micrometer)).moving
  }

  func write(_ voxels: VoxelBuffer<Float>, _ name: String) throws {
    var layout = PyramidLayout(
      extent: voxels.extent, voxelType: .uint16, space: PhysicalSpace(spacing: [1, 1, 1], unit: .micrometer))
    layout.leadingAxes = [.init(Axis(name: "c"), length: 2)]
    layout.channels = Self.channels.map { ImageChannel(label: $0, color: "00FFFF", limits: 0...65535, window: 100...900) }
    layout.levelCount = 1
    let both = voxels.elements.map { $0.rounded() } + voxels.elements.map { ($0.rounded() / 2 + 100).rounded() }
    let writer = try PyramidWriter.begin(layout, at: path(name))
    try writer.write(VoxelBuffer(extent: layout.fullExtent, elements: both).converted(to: UInt16.self), at: [0, 0, 0, 0])
    try writer.finish()
  }

  /// Rounds two and three, or others, to the first.
  func registration(
    _ names: [String] = ["round2.ome.zarr", "round3.ome.zarr"], _ change: (inout RegistrationOptions) -> Void = { _ in }
  ) throws -> RoundRegistration {
    var options = Self.options
    change(&options)
    return try RoundRegistration(fixed: .open(path("round1.ome.zarr")), moving: names.map { try .open(path($0)) }, options: options)
  }

  /// One round by itself.
  func single(_ name: String, into out: String) async throws {
    let pair = try ChunkedRegistration(fixed: .open(path("round1.ome.zarr")), moving: .open(path(name)), options: Self.options)
    _ = try await pair.run(into: out)
  }

  static let options = smallOptions(block: [28, 20, 36])

  /// What stops a run after a round, as a process that ends there.
  struct Stop: Error {}

  /// Registers the first of two rounds, and stops.
  func stopAfterTheFirst() async throws {
    do {
      _ = try await registration().run(into: out) { _ in throw Stop() }
    } catch is Stop {}
  }
}
