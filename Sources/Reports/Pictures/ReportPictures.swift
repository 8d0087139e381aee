// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Pipelines
internal import Transforms
internal import Volumes

/// All pictures of a report, as far as what they need is still there.
struct ReportPictures: Sendable {
  /// The middle of the foreground.
  var overview: PictureSet?
  /// Blocks to look at, the worst first.
  var blocks: [(block: RecordedBlock, set: PictureSet)] = []
  /// The map itself.
  var field: FieldPictures?
  /// The voxel of the fixed region that the planes go through; `nil` without transforms.
  var middle: [Int]?
  /// What is black and white in the pictures of each image.
  var contrast: [String: ContrastRange] = [:]
  /// What is left out, and why.
  var missing: [String] = []

  /// How many blocks are shown.
  static let mostBlocks = 4
  /// Pixels a side of a block's pictures.
  static func mostBlockPixels(_ rank: Int) -> Int { rank == 2 ? 384 : 192 }

  /// Takes them.
  ///
  /// - Parameters:
  ///   - transforms: `nil` where they cannot be read.
  ///   - most: pixels a side of the pictures of the whole.
  /// - Throws: `CancellationError`; what cannot be read is told of in `missing`.
  init(_ folder: String, _ run: RecordedRun, _ table: RecordedBlocks, _ transforms: TransformFolder?, most: Int) throws {
    guard let transforms else { return }
    let (region, space) = (transforms.fixedExtent, transforms.transform.fixedSpace)
    let places = Places(region: region, table: table, isFlat: transforms.rank == 2)
    // One image after the other, so that no two that cannot be read in parts are in memory at once.
    try leave(out: "the comparisons with the fixed image") { this in
      let fixed = try RecordedImage(run.fixed, in: space, rank: transforms.rank)
      this.contrast["fixed"] = fixed.contrast
      let middle = fixed.sample.middle(of: region, in: space)
      this.middle = middle
      let view = ViewLattice(of: region, in: space, most: most, showing: region.box, isAnatomical: run.fixed.isAnatomical)
      this.overview = try PictureSet(view.planes(of: region.box, through: middle), of: fixed)
      this.blocks = try places.worst.map { block, box in
        let view = ViewLattice(
          of: region, in: space, most: Self.mostBlockPixels(transforms.rank), showing: box, isAnatomical: run.fixed.isAnatomical)
        let planes = view.planes(of: box, through: (0..<3).map { (box.lower[$0] + box.upper[$0]) / 2 })
        return (block, try PictureSet(planes, of: fixed, hasOwnContrast: true))
      }
    }
    let middle = middle ?? places.middle
    self.middle = middle
    if overview != nil { try takeMoving(folder, run, transforms) }
    try leave(out: "the pictures of the map") {
      $0.field = try FieldPictures(transforms, through: middle, isAnatomical: run.fixed.isAnatomical)
    }
  }

  private mutating func takeMoving(_ folder: String, _ run: RecordedRun, _ transforms: TransformFolder) throws {
    let transform = transforms.transform
    var isLuminance = false
    try leave(out: "the moving image before registration") { this in
      let moving = try RecordedImage(run.moving, in: transforms.movingSpace, rank: transforms.rank)
      this.contrast["moving"] = moving.contrast
      isLuminance = moving.isLuminance
      try this.overview?.add(.before, moving)
      try this.overview?.add(
        .affine, moving, through: ComposedTransform(affine: transform.affine, coarse: nil, fixedSpace: transform.fixedSpace))
      for i in this.blocks.indices { try this.blocks[i].set.add(.coarse, moving, through: transform) }
    }
    try leave(out: "the registered image") { this in
      let names = OutputFormat.allCases.map { folder + "/registered." + $0.fileExtension }
      guard let path = names.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
        throw PipelineError("\(folder) holds no registered image any more")
      }
      let registered = try RecordedImage(
        registered: path, channel: run.moving.channel, isLuminance: isLuminance, in: transform.fixedSpace, transforms.fixedExtent,
        contrast: this.contrast["moving"])
      this.contrast["registered"] = registered.contrast
      try this.overview?.add(.registered, registered)
      for i in this.blocks.indices { try this.blocks[i].set.add(.registered, registered) }
    }
  }

  /// Goes on without what cannot be had.
  private mutating func leave(out what: String, _ body: (inout ReportPictures) throws -> Void) throws {
    do { try body(&self) } catch let error as CancellationError { throw error } catch {
      missing.append("\(what): \((error as? any LocalizedError)?.errorDescription ?? error.localizedDescription)")
    }
  }

  /// Where to look.
  private struct Places {
    let worst: [(RecordedBlock, Box)]
    /// The middle of the blocks that are no background.
    let middle: [Int]

    init(region: Extent, table: RecordedBlocks, isFlat: Bool) {
      func box(_ block: RecordedBlock) -> Box {
        Box(lower: (isFlat ? [0] : []) + block.start, upper: (isFlat ? [1] : []) + block.stop).intersection(region.box)
      }
      let shown = table.worstFirst.filter { block in
        (block.verdict.isFlagged || ["registered", "no-gain", "failed"].contains(block.state)) && !box(block).isEmpty
      }
      // A little around the core, so that what goes on beyond it is seen.
      worst = shown.prefix(ReportPictures.mostBlocks).map { block in
        let core = box(block)
        return (block, core.expanded(by: core.extent.lengths.map { $0 == 1 ? 0 : max(1, $0 / 8) }).intersection(region.box))
      }
      let content = table.blocks.filter { $0.verdict != .background && !box($0).isEmpty }.map(box)
      let whole = region.lengths.map { $0 / 2 }
      middle =
        content.isEmpty
        ? whole : (0..<3).map { axis in content.map { ($0.lower[axis] + $0.upper[axis]) / 2 }.reduce(0, +) / content.count }
    }
  }
}
