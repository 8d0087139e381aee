// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Registration
internal import Transforms
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

  /// The contents, masks that leave padding out, and what to tell of them, where the outline of content may mislead; `nil` where that is
  /// not so, or masks are given.
  ///
  /// Where one content is less than seven tenths of the other (a brain without its skull beside a head) its outline is no edge to be laid on
  /// some other edge. Where both are as large, and intensities do not follow each other inside them under the transform found so far, it is
  /// the outlines that hold the images together, and they say nothing of what turns inside them.
  func contents(
    beside given: PairMasks, under found: ComposedTransform
  ) throws -> (contents: Contents, masks: PairMasks, note: String)? {
    guard options.fixedMask == nil, options.movingMask == nil else { return nil }
    let whole = (fixed: content(of: fixed), moving: content(of: moving))
    guard whole.fixed != nil || whole.moving != nil else { return nil }
    func size(_ mask: Mask) -> Double { Double(mask.voxels.elements.count { $0 != 0 }) * volume(of: mask.space) }
    let tissue = try whole.moving ?? tissue(of: moving)
    let volumes = (fixed: size(whole.fixed ?? given.foreground), moving: size(tissue))
    let contents = Contents(fixed: whole.fixed?.withoutRim, moving: whole.moving?.withoutRim, volumes: volumes)
    func note(_ side: String, _ ratio: Double, _ other: String) -> String {
      "the content of the \(side) image takes \(Int((100 * ratio).rounded())) % of the volume of the \(other) one's: its padding is masked"
    }
    var masks = given
    if let content = contents.moving, volumes.moving < 0.7 * volumes.fixed {
      masks.moving = content
      return (contents, masks, note("moving", volumes.moving / volumes.fixed, "fixed"))
    }
    if let content = contents.fixed, volumes.fixed < 0.7 * volumes.moving {
      (masks.fixed, masks.foreground) = (content, content)
      return (contents, masks, note("fixed", volumes.fixed / volumes.moving, "moving"))
    }
    if let inFixed = contents.fixed, let inMoving = contents.moving, [.auto, .mi].contains(options.metric),
      !isOfOneKind(found, inside: contents)
    {
      masks = PairMasks(fixed: inFixed, moving: inMoving, foreground: inFixed)
      return (contents, masks, "intensities do not follow each other inside the contents of both images: their padding is masked")
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
