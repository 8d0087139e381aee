// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import ChunkStores
internal import Foundation
public import Volumes

/// The registration of several rounds of imaging to one reference, as of one tissue that is stained, imaged and bleached again and again:
/// each round is brought onto the voxels of the first by the channel that all have, and all its channels and times are written.
///
///     let rounds = try RoundRegistration(fixed: .open("round1.ome.zarr"), moving: [.open("round2.ome.zarr"), .open("round3.ome.zarr")])
///     let result = try await rounds.run(into: "out")        // out/round2, out/round3, out/rounds.json
///
/// What lies in the folder of a round is what `ChunkedRegistration` of that pair alone writes, byte for byte.
public struct RoundRegistration: Sendable {
  /// One round.
  public struct Round: Sendable {
    /// What it is called, and the name of its folder: that of its image, unlike those of the others.
    public let name: String
    /// Its registration to the reference, as it is planned; nothing is done yet.
    public let registration: ChunkedRegistration
  }

  /// The reference: the image that stays.
  public let fixed: StoredImage
  /// The rounds, in the order they were given.
  public let rounds: [Round]
  /// What was asked for, of all rounds alike.
  public let options: RegistrationOptions
  /// Told how the run goes on.
  public let progress: any ProgressReporter

  /// Checks that each round fits the reference, and plans its registration; reads no voxel.
  ///
  /// - Parameters:
  ///   - fixed: the reference.
  ///   - moving: the images of the rounds, files or folders that are opened again when their turn comes.
  ///   - options: what holds for all of them. Several have no `initialTransform`, and no `movingMask` but `auto`.
  /// - Throws: `PipelineError` where no round is given, an image is given twice, or an option is for one pair; as `ChunkedRegistration` where
  ///   a round does not fit.
  public init(
    fixed: StoredImage, moving: [StoredImage], options: RegistrationOptions = RegistrationOptions(),
    progress: any ProgressReporter = SilentProgress()
  ) throws {
    try self.init(fixed: fixed, moving: moving, names: RoundNames.names(of: moving.map(\.path)), options: options, progress: progress)
  }

  /// The same, with the names that an earlier start gave.
  init(
    fixed: StoredImage, moving: [StoredImage], names: [String], options: RegistrationOptions, progress: any ProgressReporter
  ) throws {
    (self.fixed, self.options, self.progress) = (fixed, options, progress)
    guard !moving.isEmpty else { throw PipelineError("no round is given to register to \(fixed.path)", hint: "name an image at least") }
    try Self.requireDistinct(fixed, moving)
    if moving.count > 1 { try Self.refuseOptionsOfOne(options, count: moving.count) }
    rounds = try zip(names, moving).map { name, image in
      Round(name: name, registration: try ChunkedRegistration(fixed: fixed, moving: image, options: options, progress: progress))
    }
  }

  private static func requireDistinct(_ fixed: StoredImage, _ moving: [StoredImage]) throws(PipelineError) {
    func place(_ image: StoredImage) -> String {
      StoreLocation.isRemote(image.path) ? image.path : URL(fileURLWithPath: image.path).resolvingSymlinksInPath().path
    }
    var seen: Set<String> = []
    for image in moving where !seen.insert(place(image)).inserted {
      throw PipelineError("\(StoreLocation.split(image.path).path) is given as a round twice", hint: "name each round once")
    }
    guard moving.count == 1 || !seen.contains(place(fixed)) else {
      throw PipelineError(
        "\(StoreLocation.split(fixed.path).path) is the reference, and given as a round, too", hint: "name it first, and only there")
    }
  }

  private static func refuseOptionsOfOne(_ options: RegistrationOptions, count: Int) throws(PipelineError) {
    let mask = options.movingMask == "auto" ? nil : options.movingMask
    for case (let option, let file?) in [("--initial-transform", options.initialTransform), ("--moving-mask", mask)] {
      throw PipelineError(
        "\(option) \(file) is for one pair of images, and \(count) rounds are given",
        hint: "register the other rounds first, then the one it is for by itself: `weft register FIXED ROUND --output OUT/NAME \(option) …`"
      )
    }
  }
}
