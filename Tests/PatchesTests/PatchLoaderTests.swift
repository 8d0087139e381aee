// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Patches
import TestSupport
import Testing
import Volumes

struct PatchLoaderTests {
  private func withSpecification(_ more: String = "", _ body: (String) throws -> Void) throws {
    try withFixtures { fixtures in
      for number in 0..<2 {
        _ = try fixtures.write(PatchFixtures.noise([40, 40, 40], seed: UInt64(number + 1)), "raw\(number).ome.zarr")
        _ = try fixtures.write(PatchFixtures.labels([40, 40, 40], objects: 20, seed: UInt64(number + 5)), "cells\(number).ome.zarr")
      }
      try body(
        """
        {"classes": ["cell"], "input_arrays": {"raw": {"shape": [12, 12, 12], "scale": [4, 4, 4]}},
         "target_arrays": {"target": {"shape": [12, 12, 12], "scale": [4, 4, 4]}}, "batch": 3, "seed": 7, "memory_gb": 0.1,
         "datasets": {"train": [{"raw": "\(fixtures.folder)/raw0.ome.zarr", "gt": "\(fixtures.folder)/cells0.ome.zarr"},
                                {"raw": "\(fixtures.folder)/raw1.ome.zarr", "gt": "\(fixtures.folder)/cells1.ome.zarr"}]},
         "augment": {"places": ["mirror", "transpose", {"rotate": {"z": [-20, 20]}}], "inputs": [{"noise": 2}, {"contrast": [0.8, 1.2]}]}\(more)}
        """)
    }
  }

  /// The numbers of all batches, by the first draw of each.
  private func batches(_ specification: PatchSpecification) throws -> [Int: [[Float]]] {
    let loader = try PatchLoader(specification)
    var result: [Int: [[Float]]] = [:]
    while let batch = try loader.next() {
      result[batch.draws[0].number] = batch.arrays.indices.map(batch.numbers)
      loader.recycle(batch)
    }
    return result
  }

  private func bits(_ batches: [Int: [[Float]]]) -> [Int: [[UInt32]]] { batches.mapValues { $0.map { $0.map(\.bitPattern) } } }

  @Test(arguments: ["\"uniform\"", "\"uniform\", \"neighbours\": 3", "\"balanced\"", "\"weighted\"", "\"tiles\""])
  func theSeedAloneDecidesWhatIsDrawn(sampling: String) throws {
    try withSpecification(", \"sampling\": \(sampling), \"batches\": 6") { text in
      var specification = try PatchSpecification(json: text)
      let one = bits(try batches(specification))
      #expect(one.count == 6 && Set(one.values).count == 6)
      specification.loader.threads = 5
      #expect(bits(try batches(specification)) == one)
      // Three processes that share the work make the same batches between them.
      var shared: [Int: [[UInt32]]] = [:]
      for number in 0..<3 {
        specification.loader.share = (number, 3)
        shared.merge(bits(try batches(specification))) { first, _ in first }
      }
      #expect(shared == one)
      specification.loader.seed = 8
      #expect(bits(try batches(specification)) != one)
    }
  }

  @Test(arguments: 1...3) func tilesComeOnceEachAndThenNothing(sharers: Int) throws {
    try withSpecification(", \"sampling\": \"tiles\"") { text in
      var specification = try PatchSpecification(json: text)
      let dataset = try specification.opened(.train)
      #expect(dataset.tiles.count == 2 * 64)
      var draws: [PatchDraw] = []
      for number in 0..<sharers {
        specification.loader.share = (number, sharers)
        let loader = try PatchLoader(specification)
        var sizes: [Int] = []
        while let batch = try loader.next() {
          sizes.append(batch.draws.count)
          draws += batch.draws
          loader.recycle(batch)
        }
        #expect(loader.statistics.patches == sizes.reduce(0, +) && sizes.dropLast().allSatisfy { $0 == 3 })
        #expect(loader.count == sizes.reduce(0, +))
      }
      draws.sort { $0.number < $1.number }
      #expect(draws.map { dataset.datasets[0].count * $0.dataset + $0.position } == dataset.tiles)
      #expect(draws.map(\.number) == Array(0..<128))
    }
  }

  @Test(arguments: 1...11) func asManyPatchesComeAsAreWanted(count: Int) throws {
    try withSpecification { text in
      var specification = try PatchSpecification(json: text)
      specification.loader.count = count
      var total = 0
      for number in 0..<3 {
        specification.loader.share = (number, 3)
        let loader = try PatchLoader(specification)
        var own = 0
        while let batch = try loader.next() { own += batch.draws.count }
        #expect(loader.count == own)
        total += own
      }
      #expect(total == count)
    }
  }

  @Test func endingWakesWhoWaits() throws {
    try withSpecification { text in
      let loader = try PatchLoader(try PatchSpecification(json: text))
      #expect(try loader.next() != nil)
      loader.end()
      #expect(try loader.next() == nil)
    }
  }

  @Test func aDamagedChunkIsToldAndTheNextBatchComes() throws {
    try withSpecification(", \"batches\": 40") { text in
      let specification = try PatchSpecification(json: text)
      let path = specification.datasets.train[0].raw.path
      try Data("damaged".utf8).write(to: URL(fileURLWithPath: path + "/0/c/1/1/1"))
      let loader = try PatchLoader(specification)
      var (good, bad) = (0, 0)
      for _ in 0..<40 {
        do {
          #expect(try loader.next() != nil)
          good += 1
        } catch {
          #expect(error.localizedDescription.contains("raw0.ome.zarr/0/c/1/1/1"), "\(error)")
          bad += 1
        }
      }
      #expect(good > 0 && bad > 0)
      #expect(try loader.next() == nil)
    }
  }

  @Test func batchesComeWithoutBlockingATaskAndEndWithIt() async throws {
    try await withTemporaryFolder { url in
      let fixtures = PatchFixtures(folder: url.path)
      let path = try fixtures.write(PatchFixtures.noise([20, 20, 20]), "raw.ome.zarr")
      let text = """
        {"input_arrays": {"raw": {"shape": [8, 8, 8], "scale": [4, 4, 4]}}, "datasets": {"train": [{"raw": "\(path)"}]}, "batch": 2}
        """
      let loader = try PatchLoader(try PatchSpecification(json: text))
      let task = Task {
        var count = 0
        for try await _ in loader {
          count += 1
          if count == 20 { break }
        }
        return count
      }
      #expect(try await task.value == 20)
      let endless = Task {
        for try await _ in loader {}
        return true
      }
      try await Task.sleep(for: .milliseconds(50))
      endless.cancel()
      #expect(try await endless.value)
    }
  }

  @Test func memoryThatDoesNotHoldTheBatchesIsRefused() throws {
    try withSpecification { text in
      var specification = try PatchSpecification(json: text)
      specification.memory = 100_000
      let said = #expect(throws: (any Error).self) { try PatchLoader(specification) }
      #expect(said.map { $0.localizedDescription.contains("`memory_gb` allows 0.1 MB") } == true, "\(said as Any)")
    }
  }

  @Test func classesOfVeryDifferentFrequencyAreDrawnAlike() throws {
    try withFixtures { fixtures in
      // Ten classes, each in blocks of 4³ voxels of its own, the rarest in a thousandth of those of the commonest.
      let extent: Extent = [96, 96, 96]
      var random = SeededGenerator(seed: 11)
      let frequencies = (0..<10).map { pow(10, -Double($0) / 3) }
      let total = frequencies.reduce(0, +)
      let cells = (0..<24 * 24 * 24).map { _ -> UInt8 in
        var place = Double.random(in: 0..<total, using: &random)
        return UInt8(
          1
            + (frequencies.firstIndex {
              place -= $0; return place < 0
            } ?? 9))
      }
      let labels = VoxelBuffer(
        extent: extent, elements: extent.box.indices.map { place in cells[((place[0] / 4) * 24 + place[1] / 4) * 24 + place[2] / 4] })
      let path = try fixtures.write(labels, "labels.ome.zarr")
      let classes = (0..<10).map { "c\($0)" }
      let array = PatchArray(name: "raw", shape: [4, 4, 4], scale: [4, 4, 4])
      let dataset = MultiDataset([
        try PatchDataset(
          raw: PatchSource(path: path),
          labels: Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, PatchSource(path: path, value: Double($0 + 1))) }),
          classes: classes, inputs: [array], targets: [PatchArray(name: "t", shape: [4, 4, 4], scale: [4, 4, 4])])
      ])
      var specification = PatchSpecification()
      specification.loader.threads = 2
      let censuses = try specification.censuses(of: dataset)
      for (number, name) in classes.enumerated() {
        #expect(censuses[0].counts[name]!.present == Double(labels.elements.count { $0 == number + 1 }))
        #expect(censuses[0].counts[name]!.known == Double(labels.count))
      }
      var sampler = try PatchSampler(dataset, censuses, .balanced, seed: 3)
      var seen: [String: Int] = [:]
      for number in 0..<10_000 {
        let draw = sampler.next()!
        #expect(draw.number == number)
        seen[draw.target!, default: 0] += 1
        if number % 25 == 0 {
          // The class is in the patch that was drawn for it.
          let patch = try dataset.datasets[0].patch(at: draw.position)[1][classes.firstIndex(of: draw.target!)!]
          #expect(patch.elements.contains(1), "\(draw)")
        }
      }
      for name in classes { #expect((500...2000).contains(seen[name] ?? 0), "\(name): \(seen[name] ?? 0)") }
    }
  }

  @Test func aSubsetIsDrawnFromAlone() throws {
    try withSpecification { text in
      let dataset = try PatchSpecification(json: text).opened(.train)
      let subset = PatchSubset([3, 5, dataset.count - 1])
      var sampler = try PatchSampler(dataset, seed: 1, subset: subset)
      var seen = Set((0..<100).map { _ in sampler.next()! }.map { "\($0.dataset) \($0.position)" })
      #expect(seen == ["0 3", "0 5", "1 \(dataset.datasets[1].count - 1)"])
      subset.indices = [9]
      seen = Set((0..<10).map { _ in sampler.next()! }.map { "\($0.dataset) \($0.position)" })
      #expect(seen == ["0 9"])
    }
  }

  /// Chunks are of 16³: patches of 12³ that begin in the same one meet the same eight.
  @Test func neighboursMeetTheSameChunksAndEveryPlaceIsAsLikely() throws {
    try withSpecification { text in
      let dataset = try PatchSpecification(json: text).opened(.train)
      var sampler = try PatchSampler(dataset, seed: 5, neighbours: (4, 3))
      var cells: [[[Int]]] = [[], [], []]
      var counts = [[Int]](repeating: [Int](repeating: 0, count: 29), count: 3)
      var first = 0
      for number in 0..<12_000 {
        let draw = sampler.next()!
        let begin = dataset.datasets[draw.dataset].center(at: draw.position).map { Int($0 / 4) - 6 }
        cells[number % 3].append([draw.dataset] + begin.map { $0 / 16 })
        for axis in 0..<3 { counts[axis][begin[axis]] += 1 }
        if draw.dataset == 0 { first += 1 }
      }
      for (patch, cells) in cells.enumerated() {
        // Patch p of batch b begins a neighbourhood where 4 divides b + p.
        for batch in 1..<cells.count where (batch + patch) % 4 != 0 { #expect(cells[batch] == cells[batch - 1]) }
        #expect(Set(cells).count == 2 * 8, "places lie in 2³ chunks of each image")
      }
      // 414 are expected, with a deviation of 41 where four at a time are alike.
      for axis in 0..<3 { for count in counts[axis] { #expect((200...630).contains(count), "\(counts[axis])") } }
      #expect((5400...6600).contains(first))
    }
  }

  @Test func classesWithoutBackgroundAreDrawn() throws {
    try withFixtures { fixtures in
      let path = try fixtures.write(VoxelBuffer<UInt8>(extent: [16, 16, 16], repeating: 1), "all.ome.zarr")
      let array = PatchArray(name: "raw", shape: [8, 8, 8], scale: [4, 4, 4])
      let dataset = MultiDataset([
        try PatchDataset(
          raw: PatchSource(path: path), labels: ["a": PatchSource(path: path)], classes: ["a"], inputs: [array],
          targets: [PatchArray(name: "t", shape: [8, 8, 8], scale: [4, 4, 4])])
      ])
      let censuses = try PatchSpecification().censuses(of: dataset)
      for sampling in [PatchSampling.balanced, .weighted([:])] {
        var sampler = try PatchSampler(dataset, censuses, sampling, seed: 1)
        #expect(sampler.next()?.target == "a")
      }
      for weights in [["a": 0.0], ["a": -1], ["a": .infinity]] {
        #expect(throws: (any Error).self) { try PatchSampler(dataset, censuses, .weighted(weights), seed: 1) }
      }
    }
  }

  @Test func classesAreCountedWhereThereAreTargets() throws {
    try withSpecification { text in
      var specification = try PatchSpecification(json: text)
      specification.targets = []
      let dataset = try specification.opened(.train)
      let said = #expect(throws: (any Error).self) { try specification.censuses(of: dataset) }
      #expect(said?.localizedDescription.contains("`target_arrays`") == true)
    }
  }

  /// A patch that is shrunk to a hundredth reads the whole image.
  @Test func whatATransformReadsIsCounted() throws {
    try withSpecification { text in
      var specification = try PatchSpecification(json: text)
      (specification.memory, specification.loader.threads) = (1_000_000, 2)
      _ = try PatchLoader(specification)
      specification.augmentation.places = [.scale(0.01...1)]
      let said = #expect(throws: (any Error).self) { try PatchLoader(specification) }
      #expect(said?.localizedDescription.contains("`memory_gb` allows 1.0 MB") == true, "\(said as Any)")
    }
  }

  @Test func tilesCoverEveryVoxel() throws {
    try withSpecification { text in
      let dataset = try PatchSpecification(json: text).opened(.train)
      var covered = [[Int]](repeating: [Int](repeating: 0, count: 40 * 40 * 40), count: 2)
      for index in dataset.tiles {
        let place = dataset.place(index)
        let lower = dataset.datasets[place.dataset].center(at: place.position).map { Int($0 / 4) - 6 }
        for voxel in Box(lower: lower, extent: [12, 12, 12]).indices {
          covered[place.dataset][(voxel[0] * 40 + voxel[1]) * 40 + voxel[2]] += 1
        }
      }
      #expect(covered.joined().allSatisfy { $0 > 0 })
      #expect(dataset.tiles.count == 2 * 4 * 4 * 4)
    }
  }
}
