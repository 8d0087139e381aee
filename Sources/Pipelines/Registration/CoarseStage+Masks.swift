// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Registration
internal import Volumes

/// Where the coarse images are looked at, on their own lattices.
struct PairMasks: Sendable {
  /// `nil`: everywhere.
  var fixed: Mask?
  /// `nil`: everywhere.
  var moving: Mask?
  /// Where likeness counts: the fixed mask, else the fixed image's tissue.
  var foreground: Mask
}

extension CoarseStage {
  /// What the options name.
  func givenMasks() throws -> PairMasks {
    let fixedMask = try mask(options.fixedMask, of: fixed, registration.fixedPyramid.finest)
    let movingMask = try mask(options.movingMask, of: moving, registration.movingPyramid.finest)
    return PairMasks(fixed: fixedMask, moving: movingMask, foreground: try fixedMask ?? tissue(of: fixed))
  }

  /// What the images hold: all but padding.
  struct Contents {
    /// `nil` where there is no padding.
    let fixed: Mask?
    let moving: Mask?
    /// In the images' units; of an image without padding its tissue's.
    let volumes: (fixed: Double, moving: Double)
  }

  /// The contents where one of them is less than seven tenths of the other (a brain without its skull beside a head), masks that leave
  /// out the padding around it, and what to tell of them; `nil` where that is not so, or masks are given.
  ///
  /// The outline of that content is then no edge to be laid on some other edge.
  func contents(beside given: PairMasks) throws -> (contents: Contents, masks: PairMasks, note: String)? {
    guard options.fixedMask == nil, options.movingMask == nil else { return nil }
    let found = (fixed: content(of: fixed), moving: content(of: moving))
    guard found.fixed != nil || found.moving != nil else { return nil }
    func size(_ mask: Mask) -> Double { Double(mask.voxels.elements.count { $0 != 0 }) * volume(of: mask.space) }
    let tissue = try found.moving ?? tissue(of: moving)
    let volumes = (fixed: size(found.fixed ?? given.foreground), moving: size(tissue))
    let contents = Contents(fixed: found.fixed, moving: found.moving, volumes: volumes)
    func note(_ side: String, _ ratio: Double, _ other: String) -> String {
      "the content of the \(side) image takes \(Int((100 * ratio).rounded())) % of the volume of the \(other) one's: its padding is masked"
    }
    var masks = given
    if let content = found.moving, volumes.moving < 0.7 * volumes.fixed {
      masks.moving = content
      return (contents, masks, note("moving", volumes.moving / volumes.fixed, "fixed"))
    }
    if let content = found.fixed, volumes.fixed < 0.7 * volumes.moving {
      (masks.fixed, masks.foreground) = (content, content)
      return (contents, masks, note("fixed", volumes.fixed / volumes.moving, "moving"))
    }
    return nil
  }

  /// Of a voxel; in 2D the area of a pixel.
  func volume(of space: PhysicalSpace) -> Double { space.spacing.suffix(rank).reduce(1, *) }

  private func content(of volume: Volume) -> Mask? {
    Mask.content(of: flat(volume)).map { Mask(voxels: $0.voxels.reshaped(to: volume.extent), space: volume.space) }
  }

  /// The mask that an option names, on the coarse lattice of its image.
  private func mask(_ option: String?, of volume: Volume, _ image: LazyVolume) throws -> Mask? {
    switch option {
    case nil: return nil
    case "auto": return try tissue(of: volume)
    case let path?:
      let stored = try MaskFile.open(path, of: image, rank: rank)
      // A mask may be as large as its image: it is read near the coarse lattice, every voxel that touches the inside counting.
      let finest = stored.finest
      let factors = PhysicalScale.factors(extent: finest.extent, spacing: finest.space.spacing, target: volume.space.spacing.min()!)
      let coarse = try stored.downsampled(by: factors).load()
      let voxels = coarse.voxels.mapVoxels { UInt8($0 > 0 ? 1 : 0) }
      guard voxels.elements.contains(1) else {
        throw PipelineError(
          "the mask \(path) is empty: no voxel is above 0", hint: "name another mask, or leave --fixed-mask and --moving-mask out")
      }
      let mask = Mask(voxels: voxels, space: coarse.space)
      let onto = Mask(voxels: mask.resampled(to: volume.space, extent: volume.extent), space: volume.space)
      guard onto.voxels.elements.contains(1) else {
        throw PipelineError(
          "the mask \(path) does not meet its image", hint: "check spacing, origin and direction of both with `weft info`")
      }
      try PairChecks.requireContrast(volume, inside: onto, paths: (image.name, path))
      return onto
    }
  }

  /// The tissue of an image, on its own lattice.
  func tissue(of volume: Volume) throws -> Mask {
    let plain = flat(volume)
    let voxels = try Mask.tissue(of: plain).resampled(to: plain.space, extent: plain.extent)
    return Mask(voxels: voxels.reshaped(to: volume.extent), space: volume.space)
  }
}
