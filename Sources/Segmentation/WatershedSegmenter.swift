// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
public import Volumes

/// Bright, roundish objects of about one size on a darker background, as nuclei: no model, and nothing to set but the diameter.
///
/// 1. Intensities above the background go through a logarithm, so that dim objects count as much as bright ones.
/// 2. Foreground is what lies above Li's threshold of the whole image.
/// 3. Seeds are the highest points of a Laplacian of Gaussian of the objects' size that stand out enough from what is around them.
/// 4. Its landscape is flooded from them (a watershed), as far as it is convex.
/// 5. Each object keeps the voxels that reach a fraction of its own brightness, near the usual one and where its edge is steepest; of these
///    the largest connected set, and its holes.
/// 6. What stands out little and fills little of its ellipsoid, as pieces of fibres and of texture, is no object.
///
/// What is measured on the image comes from the context, and all else but the flooding has a finite reach. Measured, in the core of a tile whose
/// halo is two diameters objects are those of the untiled image: balls that touch and that do not, phantoms of tissue.
public struct WatershedSegmenter: Segmenter {
  /// How large objects are, in voxels: one number for all axes, or one for each axis of the tile, slowest first.
  public var diameter: [Double]
  /// The intensity that foreground lies above; `nil` for Li's threshold after the transform.
  public var threshold: Double?
  /// What intensities are put through before objects are looked for.
  public var transform = IntensityTransform.logarithm
  /// The sizes of the Laplacian of Gaussian over that which balls of the diameter answer to most; the strongest answer counts, and the
  /// first size tells how far an object stands out.
  public var seedScales = [0.75, 0.95]
  /// Two objects' middles are at least so many diameters apart.
  public var seedDistance = 0.4
  /// How far an object must stand out of its surroundings: a difference of square roots of intensities, in units of the image's range.
  public var minimumContrast = 0.12
  /// How many times as bright as its surroundings an object must be; looked at with the logarithm only.
  public var minimumRatio = 1.5
  /// The fraction of its own brightness above the background that an object's voxels usually reach.
  public var refinement = 0.6
  /// The least contrast of an object that is an ellipsoid, whatever its axes; where it fills less of the ellipsoid of its moments, contrast
  /// counts less, by the eighth power of that fraction. Half a ball fills 0.92.
  public var minimumSolidContrast = 0.05
  /// Objects smaller than this fraction of a ball of the diameter are dropped.
  public var minimumSize = 0.1

  /// How much voxels are smoothed before they are compared with a threshold, in diameters.
  static let levelSmoothing = 0.05

  /// Objects of a diameter.
  public init(diameter: [Double]) { self.diameter = diameter }

  public var requirements: SegmenterRequirements {
    var requirements = SegmenterRequirements()
    requirements.receptiveField = diameter.map { Int((2 * $0).rounded(.up)) }
    // Twice the standard deviation of the widest Gaussian, where there are two axes: a border further away than that hardly moves an object.
    let widest = seedScales.max() ?? 0
    requirements.margin = diameter.map { Int((widest * $0 / 2.0.squareRoot()).rounded(.up)) }
    requirements.bytesPerVoxel = 64
    return requirements
  }

  /// Finds the objects of a tile.
  ///
  /// - Returns: labels from 1 without gaps, in the order of the objects' middles in C order.
  /// - Throws: `SegmentationError` where the diameter does not fit the tile or the options make no sense; ITK's failures.
  /// - Complexity: O(voxels × diameter), with a small constant.
  public func segment(_ tile: SegmentationTile, _ context: SegmentationContext) throws -> VoxelBuffer<UInt32> {
    let diameter = try lifted(rank: tile.extent.rank)
    let nothing = VoxelBuffer<UInt32>(extent: tile.extent)
    guard tile.extent.count > 0, let scale = IntensityScale(context.statistics[0], transform: transform) else { return nothing }
    let threshold = self.threshold ?? context.statistics[0].liThreshold(after: transform)
    let lattice = Lattice(Extent([Int](repeating: 1, count: 3 - tile.extent.rank) + tile.extent.lengths))

    var levels = scale.above(tile.channels[0])
    let brightest = levels.extremes().most
    let foreground = Float((threshold - scale.background) / scale.range)
    guard brightest > foreground else { return nothing }
    let response = strongest(scale.transformed(levels), lattice, diameter)
    let contrast = BlobResponse(
      levels.map { $0.squareRoot() }, lattice: lattice, diameter: diameter, scale: seedScales[0], unit: seedScales[0])
    let numbers = tile.channels[0].elements
    smooth(&levels, components: 1, lattice: lattice, sigma: diameter.map { Self.levelSmoothing * $0 }, border: .mirror)
    let marked = mask(levels, numbers, response, above: foreground)
    let least = transform == .logarithm ? Float(log(minimumRatio)) : 0
    let seeds = Segmentation.seeds(
      of: response, lattice: lattice, mask: marked, least: least, distance: diameter.map { $0 * seedDistance }
    ).filter { Double(contrast.at($0)) >= minimumContrast }
    if seeds.isEmpty { return nothing }
    let basins = try basins(response, marked, seeds, lattice, tile.extent)
    let axes = (0..<3).filter { lattice.lengths[$0] > 1 }
    let ball = axes.reduce(axes.count == 3 ? Double.pi / 6 : axes.count == 2 ? Double.pi / 4 : 1) { $0 * diameter[$1] }
    let refinement = ObjectRefinement(
      levels: levels, lattice: lattice, diameter: diameter, ball: ball, fraction: refinement,
      minimumSize: Int((minimumSize * ball).rounded(.up)), minimumSolidContrast: minimumSolidContrast)
    return VoxelBuffer(
      extent: tile.extent, elements: refinement.refined(basins, seeds: seeds, contrasts: seeds.map { contrast.at($0) }))
  }

  /// The strongest response of all scales.
  private func strongest(_ values: [Float], _ lattice: Lattice, _ diameter: [Double]) -> [Float] {
    var result = BlobResponse(values, lattice: lattice, diameter: diameter, scale: seedScales[0], unit: seedScales[0]).everywhere()
    for scale in seedScales.dropFirst() {
      let other = BlobResponse(values, lattice: lattice, diameter: diameter, scale: scale, unit: seedScales[0]).everywhere()
      var target = result.mutableSpan
      let source = other.span
      for i in source.indices { target[i] = max(target[i], source[i]) }
    }
    return result
  }

  /// Where voxels are numbers above the threshold and the landscape is convex.
  private func mask(_ levels: [Float], _ voxels: [Float], _ response: [Float], above foreground: Float) -> [UInt8] {
    var mask = [UInt8](repeating: 0, count: levels.count)
    var target = mask.mutableSpan
    let (level, voxel, height) = (levels.span, voxels.span, response.span)
    for i in level.indices where level[i] > foreground && height[i] > 0 && voxel[i].isFinite { target[i] = 1 }
    return mask
  }

  /// The basin of each seed, numbered from 1 in their order; 0 outside the mask and where no seed is.
  private func basins(
    _ response: consuming [Float], _ mask: [UInt8], _ seeds: [Seed], _ lattice: Lattice, _ extent: Extent
  ) throws -> [UInt32] {
    // Outside the mask one more marker, on top of everything, so that it floods nothing that a seed reaches.
    let outside = UInt32.max - 1
    var markers = [UInt32](repeating: 0, count: mask.count)
    var landscape = response
    var marker = markers.mutableSpan
    var height = landscape.mutableSpan
    let marked = mask.span
    for i in marked.indices {
      if marked[i] == 0 {
        marker[i] = outside
        height[i] = .greatestFiniteMagnitude
      } else {
        height[i] = -height[i]
      }
    }
    for (index, seed) in seeds.enumerated() { marker[(seed.z * lattice.y + seed.y) * lattice.x + seed.x] = UInt32(index + 1) }
    // Two axes where there are two, so that ITK's 2D filter runs.
    return try flooded(VoxelBuffer(extent: extent, elements: landscape), from: VoxelBuffer(extent: extent, elements: markers)).elements
  }

  /// Diameters along z, y, x; that of an axis the tile does not have is 1.
  private func lifted(rank: Int) throws -> [Double] {
    guard diameter.count == 1 || diameter.count == rank, diameter.allSatisfy({ $0 >= 1 && $0.isFinite }) else {
      throw SegmentationError(
        "a diameter of \(diameter) does not fit an image of \(rank) axes",
        hint: "give one diameter of at least one voxel, or one for each axis")
    }
    guard requirements.ranks.contains(rank) else {
      throw SegmentationError("the watershed works on two or three axes, not \(rank)", hint: "choose a plane or a volume")
    }
    let options: [(name: String, value: String, isRight: Bool, wanted: String)] = [
      ("seedScales", "\(seedScales)", !seedScales.isEmpty && seedScales.allSatisfy { $0 > 0 && $0.isFinite }, "numbers above 0"),
      ("seedDistance", "\(seedDistance)", seedDistance > 0 && seedDistance.isFinite, "a number above 0"),
      ("minimumContrast", "\(minimumContrast)", minimumContrast.isFinite, "a number"),
      ("minimumRatio", "\(minimumRatio)", minimumRatio > 0 && minimumRatio.isFinite, "a number above 0"),
      ("refinement", "\(refinement)", (0...1).contains(refinement), "from 0 to 1"),
      ("minimumSize", "\(minimumSize)", minimumSize >= 0 && minimumSize.isFinite, "not below 0"),
      ("minimumSolidContrast", "\(minimumSolidContrast)", minimumSolidContrast >= 0 && minimumSolidContrast.isFinite, "not below 0"),
    ]
    if let wrong = options.first(where: { !$0.isRight }) {
      throw SegmentationError("the watershed's `\(wrong.name)` is \(wrong.value)", hint: "choose \(wrong.wanted)")
    }
    return [Double](repeating: 1, count: 3 - rank) + (diameter.count == 1 ? [Double](repeating: diameter[0], count: rank) : diameter)
  }
}

extension IntensityScale {
  /// How far each voxel lies above the background in units of the range; 0 below and where it is no number.
  func above(_ voxels: VoxelBuffer<Float>) -> [Float] {
    var result = [Float](repeating: 0, count: voxels.count)
    var target = result.mutableSpan
    let source = voxels.span
    let (low, factor) = (Float(background), Float(1 / range))
    for i in source.indices {
      let value = (source[i] - low) * factor
      if value > 0 && value.isFinite { target[i] = value }
    }
    return result
  }

  /// Values above the background through the transform.
  func transformed(_ levels: [Float]) -> [Float] {
    let factor = Float(1 / Self.offset)
    return switch transform {
    case .linear: levels
    case .squareRoot: levels.map { $0.squareRoot() }
    case .logarithm: levels.map { log(1 + $0 * factor) }
    }
  }
}
