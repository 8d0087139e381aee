// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Synchronization
import TestSupport
import Testing
import Volumes

/// A bit that flips in what an earlier stage wrote is found, what it spoils is made again, and nobody can tell from the result.
struct DamageTests {
  /// Flips a bit of each file whose path ends so, when a stage begins for the first time.
  private final class Flip: ProgressReporter {
    let stage: String
    let folder: String
    let isChosen: @Sendable (String) -> Bool
    let flipped = Mutex<[String]>([])
    let warnings = Mutex<[String]>([])

    init(atStart stage: String, folder: String, _ isChosen: @escaping @Sendable (String) -> Bool) {
      (self.stage, self.folder, self.isChosen) = (stage, folder, isChosen)
    }

    func report(_ event: ProgressEvent) {
      if case .warning(let text) = event { warnings.withLock { $0.append(text) } }
      guard case .started(stage, _) = event, flipped.withLock({ $0.isEmpty }) else { return }
      for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() where isChosen(name) {
        // In place: files that share the bytes are damaged, too.
        guard let handle = FileHandle(forUpdatingAtPath: folder + "/" + name), let length = try? handle.seekToEnd(), length > 0 else {
          continue
        }
        try? handle.seek(toOffset: length / 2)
        guard let byte = try? handle.read(upToCount: 1)?.first else { continue }
        try? handle.seek(toOffset: length / 2)
        try? handle.write(contentsOf: [byte ^ 1])
        try? handle.close()
        flipped.withLock { $0.append(name) }
      }
    }
  }

  private func expectNoTrace(
    _ images: (fixed: StoredImage, moving: StoredImage), _ options: RegistrationOptions, leastDeterminant: Float = 0.05,
    atStart stage: String, of isChosen: @escaping @Sendable (String) -> Bool
  ) async throws {
    try await withTemporaryFolder { folder in
      let (whole, spoiled) = (folder.appendingPathComponent("whole").path, folder.appendingPathComponent("spoiled").path)
      func run(_ progress: any ProgressReporter, into path: String) async throws {
        var registration = try ChunkedRegistration(fixed: images.fixed, moving: images.moving, options: options, progress: progress)
        registration.leastDeterminant = leastDeterminant
        _ = try await registration.run(into: path)
      }
      try await run(SilentProgress(), into: whole)
      let flip = Flip(atStart: stage, folder: spoiled + "/.weft", isChosen)
      try await run(flip, into: spoiled)
      #expect(!flip.flipped.withLock { $0.isEmpty }, "nothing was there to be damaged")
      #expect(flip.warnings.withLock { $0.contains { $0.contains("is damaged") } }, "nobody noticed")
      let (expected, found) = try (resultFiles(whole), resultFiles(spoiled))
      #expect(expected.keys == found.keys && expected.count > 5)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }
  }

  @Test(arguments: [
    ("coarse", "downsample/fixed.zarr/c/"), ("coarse", "downsample/moving.zarr/c/"), ("fine", "coarse/transforms/coarse_warp.nii.gz"),
    ("blend", "fine/block-"), ("check", "blend/field.ome.zarr/0/c/"), ("resample", "blend/field.ome.zarr/0/c/0/"),
  ])
  func whatAnEarlierStageWrote(stage: String, place: String) async throws {
    var options = smallOptions(.draft, block: [24])
    if place.hasPrefix("coarse") { options.stages = [.affine, .warp, .fine] }
    try await expectNoTrace(KnownPair([40, 48, 44]).images, options, atStart: stage) { $0.hasPrefix(place) && !$0.contains("zarr.json") }
  }

  @Test(arguments: [
    ("carry", "blend-2/field.ome.zarr/0/c/"), ("fine", "carry/field.ome.zarr/0/c/"), ("compose", "carry/field.ome.zarr/0/c/"),
    ("compose", "blend/field.ome.zarr/0/c/"), ("check", "compose/field.ome.zarr/0/c/"),
  ])
  func whatALevelWrote(stage: String, place: String) async throws {
    var options = smallOptions(.draft, block: [24, 32, 40], overlap: .fraction(0.2))
    options.downsample = 4
    options.levels = [2, 1]
    try await expectNoTrace(KnownPair([24, 96, 128]).images, options, atStart: stage) { $0.hasPrefix(place) }
  }

  /// The repaired field shares its files with the blended one. Squeezed places count as folds: there are hardly any others.
  @Test(.enabled(if: sharedData != nil)) func whatTheRepairOfFoldsWrote() async throws {
    let folder = try #require(sharedData).appendingPathComponent("brain").path
    var options = RegistrationOptions()
    options.region = [40..<136, 60..<156, 40..<136]
    options.blockExtent = [64]
    options.stages = [.fine]
    options.threads = 2
    let images = try (fixed: StoredImage.open(folder + "/fixed.nii.gz"), moving: StoredImage.open(folder + "/moving.nii.gz"))
    try await expectNoTrace(images, options, leastDeterminant: 0.5, atStart: "resample") { $0.hasPrefix("repair/field.ome.zarr/0/c/") }
  }
}
