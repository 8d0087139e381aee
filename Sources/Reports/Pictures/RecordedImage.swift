// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Filtering
internal import Grids
internal import Pipelines
internal import Transforms
internal import Volumes

/// An image of a finished run, opened again on three axes and in the fixed image's unit.
struct RecordedImage {
  let pyramid: VolumePyramid
  /// What is black and white in its pictures.
  let contrast: ContrastRange
  /// Voxels from all over it.
  let sample: ImageSample
  /// Whether luminance was registered.
  let isLuminance: Bool

  /// Opens an input of the run as it was opened then.
  ///
  /// - Parameters:
  ///   - space: where its finest level lay: that of the transforms. A crop of the fixed image lies elsewhere, and is known by its spacing.
  /// - Throws: errors of opening and reading; `PipelineError` where it is not what was registered.
  init(_ input: RecordedRun.Input, in space: PhysicalSpace, rank: Int, contrast: ContrastRange? = nil) throws {
    var image = try StoredImage.open(input.path)
    if image.axes.map(\.name).joined() != input.axes { image = try .open(input.path, axes: input.axes) }
    let extent = image.levels[0].source.extent.lengths
    guard extent == input.extent else {
      throw PipelineError("\(input.path) has \(Extent(extent)) voxels now, and had \(Extent(input.extent)) when it was registered")
    }
    // Spacing may have been given on the command line.
    let wanted = space.converted(to: image.levels[0].space.unit).spacing.suffix(rank)
    if zip(image.levels[0].space.spacing, wanted).contains(where: { abs($0 / $1 - 1) > 1e-4 }) {
      image = try .open(input.path, axes: image.givenAxes, spacing: Array(wanted))
    }
    try self.init(image, channel: input.channel, unit: space.unit, contrast: contrast)
  }

  /// The registered image in the output folder, on the fixed lattice.
  ///
  /// - Parameter isLuminance: whether a channel is no channel but the brightness of a colour image.
  init(
    registered path: String, channel: Int?, isLuminance: Bool, in space: PhysicalSpace, _ region: Extent, contrast: ContrastRange?
  ) throws {
    var image = try StoredImage.open(path)
    if isLuminance, image.channelCount == 3 { image.isColour = true }
    let volumes = try image.volumes(channel: channel ?? (image.isColour ? nil : 0))
    guard volumes.finest.liftedToThreeAxes().extent == region else {
      throw PipelineError("\(path) has \(volumes.finest.extent) voxels, and the transforms are for \(region)")
    }
    // Formats without an origin or a direction lie where the fixed region does.
    if image.levels.count == 1 {
      image.levels[0].space = PhysicalSpace(
        spacing: Array(space.spacing.suffix(volumes.finest.rank)), origin: Array(space.origin.suffix(volumes.finest.rank)),
        direction: space.direction.suffix(volumes.finest.rank).map { Array($0.suffix(volumes.finest.rank)) }, unit: space.unit)
    }
    try self.init(image, channel: channel, unit: space.unit, contrast: contrast)
  }

  private init(_ image: StoredImage, channel: Int?, unit: LengthUnit?, contrast: ContrastRange?) throws {
    let levels = try image.volumes(channel: channel).levels
    try Self.requireRoom(for: levels[0])
    pyramid = VolumePyramid(levels: levels.map { $0.placed(in: $0.space.converted(to: unit)).liftedToThreeAxes() })
    isLuminance = image.isColour && channel == nil
    sample = try ImageSample(pyramid)
    guard let contrast = contrast ?? ContrastRange(sample.values) else {
      throw PipelineError("\(image.path) holds no numbers to show")
    }
    self.contrast = contrast
  }

  /// What cannot be read in parts is unpacked into a temporary file where it is large, and refused where that cannot be and memory is short.
  private static func requireRoom(for volume: LazyVolume) throws {
    let room = MemoryBudget.available().bytes
    for file in volume.source.residentFiles where file.byteCount > 256_000_000 || 2 * file.byteCount > room {
      if file.isOpenToUnpacking { file.unpack() }
      guard 2 * file.residentBytes <= room else {
        throw PipelineError("\(volume.name) cannot be read in parts, and loading it needs more memory than there is")
      }
    }
  }

  /// The values on a plane of the fixed region; what lies outside the image is no number.
  ///
  /// - Parameter affine, coarse: the map from fixed to moving; none for an image that lies on the fixed lattice.
  func values(on plane: ViewPlane, affine: AffineTransform = .identity(rank: 3), coarse: DisplacementField? = nil) throws -> [Float] {
    let transform = ComposedTransform(affine: affine, coarse: coarse, fixedSpace: plane.view.space)
    let factors = ChunkedRegistration.antialiasingFactors(pyramid.finest, for: transform)
    let volume = pyramid.downsampled(by: factors)
    let resampler = BoxResampler(volume: volume, interpolation: .linear, threads: 1) {
      transform.mapped($0, local: nil, to: volume.space)
    }
    let (values, valid) = try resampler.values(over: plane.box)
    return zip(values.elements, valid.elements).map { $1 == 0 ? .nan : $0 }
  }
}
