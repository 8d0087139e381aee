// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
internal import Pyramids
internal import Synchronization
internal import Volumes

/// The patches of a `PredictionWriter` that wait for others, and the images that they become.
final class PredictionState: Sendable {
  let positions: [PredictionWriter.Position]
  private let classes: [String]
  private let writers: [PyramidWriter]
  /// What is written at once, and the patches that reach it, in their order.
  private let parts: [(box: Box, patches: [Int])]
  private let partsOfPatch: [[Int]]
  private let patch: Extent
  private let overlap: [Int]
  private let extent: Extent
  private let memory: Int
  /// Where patches wait that would take too much memory.
  private let waiting: String

  private enum Patch {
    case memory([Float])
    case file
  }

  private struct State {
    var patches: [Int: Patch] = [:]
    var come: Set<Int> = []
    /// By part, how many patches it waits for; by patch, how many parts need it.
    var missing: [Int]
    var needed: [Int]
    var bytes = 0
    var isFinished = false
    /// Why something of the images is missing.
    var failure: String?
  }

  private let state: Mutex<State>

  init(
    folder: String, classes: [String], extent: Extent, space: PhysicalSpace, patch: Extent, overlap: [Int]?, voxelType: VoxelType,
    memory: Int
  ) throws {
    guard extent.rank == 3, patch.rank == 3, extent.count > 0, patch.count > 0, !classes.isEmpty else {
      throw PipelineError(
        "an image of \(extent) in patches of \(patch) for \(classes.count) classes cannot be written", hint: "both have three axes")
    }
    let shape = (0..<3).map { min(patch[$0], extent[$0]) }
    let overlap = overlap ?? patch.lengths.map { $0 / 4 / 2 * 2 }
    guard overlap.count == 3, zip(overlap, patch.lengths).allSatisfy({ $0 >= 0 && 2 * $0 <= $1 }) else {
      throw PipelineError("patches of \(patch) cannot overlap by \(overlap)", hint: "an overlap is at the most half a patch")
    }
    // Side by side, the last one ending where the image does.
    let starts = (0..<3).map { axis in
      let last = extent[axis] - shape[axis]
      return Array(stride(from: 0, to: last, by: max(1, patch[axis] - overlap[axis]))) + [last]
    }
    var positions: [PredictionWriter.Position] = []
    for z in starts[0] {
      for y in starts[1] {
        for x in starts[2] { positions.append(.init(index: positions.count, box: Box(lower: [z, y, x], extent: Extent(shape)))) }
      }
    }
    let paths = classes.map { folder + "/" + $0 + ".ome.zarr" }
    if let twice = classes.first(where: { name in
      classes.count { $0 == name } > 1 || name.isEmpty || name.contains("/") || name.hasPrefix(".")
    }) {
      throw PipelineError("`\(twice)` cannot be the name of an image, or is given twice", hint: "give each class a name of its own")
    }
    if let taken = paths.first(where: FileManager.default.fileExists(atPath:)) {
      throw PipelineError("\(taken) exists", hint: "remove it, or write to another folder")
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let layout = PyramidLayout(extent: extent, voxelType: voxelType, space: space)
    writers = try paths.map { try PyramidWriter.begin(layout, at: $0) }
    let boxes = writers[0].tasks(level: 0)
    var parts = boxes.map { (box: $0, patches: [Int]()) }
    // The parts lie on a lattice: which of its rows a patch reaches is seen along each axis by itself.
    let rows = (0..<3).map { axis in Set(boxes.map { $0[axis] }).sorted { $0.lowerBound < $1.lowerBound } }
    let numbers = Dictionary(uniqueKeysWithValues: boxes.enumerated().map { ($1.lower, $0) })
    let reachedRows = (0..<3).map { axis in
      Dictionary(
        uniqueKeysWithValues: starts[axis].map { start in (start, rows[axis].filter { $0.overlaps(start..<start + shape[axis]) }) })
    }
    var partsOfPatch: [[Int]] = []
    for position in positions {
      let reached = (0..<3).map { reachedRows[$0][position.box.lower[$0]]! }
      let reachedParts = reached[0].flatMap { z in
        reached[1].flatMap { y in reached[2].map { numbers[[z.lowerBound, y.lowerBound, $0.lowerBound]]! } }
      }
      partsOfPatch.append(reachedParts)
      for part in reachedParts { parts[part].patches.append(position.index) }
    }
    waiting = folder + "/.patches-\(UUID().uuidString)"
    state = Mutex(State(missing: parts.map(\.patches.count), needed: partsOfPatch.map(\.count)))
    (self.classes, self.positions, self.parts, self.partsOfPatch) = (classes, positions, parts, partsOfPatch)
    (self.patch, self.overlap, self.extent, self.memory) = (patch, overlap, extent, memory)
  }

  deinit {
    if state.withLock({ !$0.isFinished }) { for writer in writers { try? writer.abandon() } }
    try? FileManager.default.removeItem(atPath: waiting)
  }

  private func path(_ index: Int) -> String { waiting + "/\(index)" }

  func take(_ numbers: [Float], _ index: Int) throws {
    guard positions.indices.contains(index) else {
      throw PipelineError("there is no patch \(index): there are \(positions.count), counted from 0")
    }
    let own = positions[index].box.extent
    var numbers = numbers
    if numbers.count == classes.count * patch.count, own != patch {
      // What is beyond a small image is left out.
      let whole = VoxelBuffer(extent: Extent([classes.count] + patch.lengths), elements: numbers)
      numbers = whole.cropped(to: Extent([classes.count] + own.lengths).box).elements
    }
    guard numbers.count == classes.count * own.count else {
      throw PipelineError(
        "patch \(index) has \(numbers.count) numbers, and \(classes.count) classes of \(own) voxels need \(classes.count * own.count)",
        hint: "give all classes, one after the other, each as large as the patch")
    }
    let bytes = 4 * numbers.count
    let (isNew, isLarge) = state.withLock { state in
      let isNew = !state.isFinished && state.come.insert(index).inserted
      if isNew { state.bytes += bytes }
      return (isNew, state.bytes > memory)
    }
    guard isNew else { throw PipelineError("patch \(index) came before", hint: "write each patch once, before `finish`") }
    do { try keep(&numbers, index, isLarge: isLarge) } catch {
      state.withLock { $0.failure = $0.failure ?? error.localizedDescription }
      throw error
    }
  }

  private func keep(_ numbers: inout [Float], _ index: Int, isLarge: Bool) throws {
    let bytes = 4 * numbers.count
    if isLarge {
      try FileManager.default.createDirectory(atPath: waiting, withIntermediateDirectories: true)
      try unsafe numbers.withUnsafeBytes { unsafe Data($0) }.write(to: URL(fileURLWithPath: path(index)))
    }
    let kept = numbers
    numbers = []
    let ready = state.withLock { state in
      state.patches[index] = isLarge ? .file : .memory(kept)
      if isLarge { state.bytes -= bytes }
      var ready: [Int] = []
      for part in partsOfPatch[index] {
        state.missing[part] -= 1
        if state.missing[part] == 0 { ready.append(part) }
      }
      return ready
    }
    for part in ready { try write(part) }
  }

  private func numbers(of index: Int) throws -> [Float] {
    switch state.withLock({ $0.patches[index]! }) {
    case .memory(let numbers): return numbers
    case .file:
      let data = try Data(contentsOf: URL(fileURLWithPath: path(index)))
      return unsafe [Float](unsafeUninitializedCapacity: data.count / 4) { target, count in
        count = unsafe data.copyBytes(to: target) / 4
      }
    }
  }

  /// Puts a part of the images together, of all the patches that reach it, in their order.
  private func write(_ part: Int) throws {
    let (box, patches) = parts[part]
    var sums = [[Double]](repeating: [Double](repeating: 0, count: box.extent.count), count: classes.count)
    var weights = [Double](repeating: 0, count: box.extent.count)
    let strides = box.extent.strides
    for index in patches {
      let numbers = try numbers(of: index)
      let own = positions[index].box
      let inside = own.intersection(box)
      let steps = own.extent.strides
      let axes = (0..<3).map { axis in inside[axis].map { weight(own, axis, $0) } }
      for z in inside[0] {
        for y in inside[1] {
          let across = axes[0][z - inside.lower[0]] * axes[1][y - inside.lower[1]]
          let to = (z - box.lower[0]) * strides[0] + (y - box.lower[1]) * strides[1] - box.lower[2]
          let from = (z - own.lower[0]) * steps[0] + (y - own.lower[1]) * steps[1] - own.lower[2]
          for x in inside[2] {
            let weight = across * axes[2][x - inside.lower[2]]
            weights[to + x] += weight
            for channel in classes.indices { sums[channel][to + x] += weight * Double(numbers[channel * own.extent.count + from + x]) }
          }
        }
      }
    }
    for (writer, sum) in zip(writers, sums) {
      try writer.write(VoxelBuffer(extent: box.extent, elements: zip(sum, weights).map { Float($0 / $1) }), at: box.lower)
    }
    let done = state.withLock { state in
      var files: [Int] = []
      for index in patches {
        state.needed[index] -= 1
        guard state.needed[index] == 0, let patch = state.patches.removeValue(forKey: index) else { continue }
        switch patch {
        case .memory(let numbers): state.bytes -= 4 * numbers.count
        case .file: files.append(index)
        }
      }
      return files
    }
    for index in done { try? FileManager.default.removeItem(atPath: path(index)) }
  }

  /// How much a patch counts at a voxel: 1 but near faces beyond which the image goes on.
  private func weight(_ box: Box, _ axis: Int, _ voxel: Int) -> Double {
    func way(_ depth: Double) -> Double { overlap[axis] > 0 ? max(0, 1 - depth / Double(overlap[axis])) : 0 }
    let below = box.lower[axis] > 0 ? way(Double(voxel - box.lower[axis]) + 0.5) : 0
    let above = box.upper[axis] < extent[axis] ? way(Double(box.upper[axis] - voxel) - 0.5) : 0
    return BlendWindow.taper(below, sigma: 0.5) * BlendWindow.taper(above, sigma: 0.5)
  }

  func finish() throws {
    if let failure = state.withLock(\.failure) {
      throw PipelineError("a patch was not kept, so that the images have holes: \(failure)", hint: "mend that, and write all patches anew")
    }
    let missing = state.withLock { state in positions.first { !state.come.contains($0.index) } }
    if let missing {
      throw PipelineError(
        "\(positions.count - state.withLock(\.come.count)) of \(positions.count) patches did not come; the first is \(missing.index), at \(missing.box)",
        hint: "write a patch at every position, then finish")
    }
    for writer in writers {
      try writer.buildLevels()
      try writer.finish()
    }
    state.withLock { $0.isFinished = true }
    try? FileManager.default.removeItem(atPath: waiting)
  }
}
