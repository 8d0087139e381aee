// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Pipelines
internal import Pyramids

/// The images that belong to a folder, by the record of the run that wrote it and by what lies in it.
struct FoundImages {
  /// One image.
  struct Image {
    var role: ViewedLayer.Role
    /// A path, or an address on the web.
    var path: String
    /// The channel that was registered; `nil` for the first one.
    var channel: Int?
    /// The round that it is of; `nil` for a registration of two images.
    var round: String?
    /// Whether an option names it, rather than a record or a folder.
    var isNamed = false

    /// The same for all ways to write the same place.
    var place: String { StoreLocation.isRemote(path) ? path : URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
  }

  /// From below to the top. Some may not be there any more.
  private(set) var images: [Image] = []

  /// - Parameter image: in place of the one that the record names.
  init(in folder: String, image: String?) {
    if OMEImage.isZarr(folder) {
      findImage(folder, under: image)
    } else if let rounds = RoundsRecord(in: folder) {
      findRounds(rounds, folder, image)
    } else if let record = RecordedInputs(contentsOf: folder + "/run.json") {
      findRun(record, folder, image)
    } else {
      if let image { images.append(Image(role: .image, path: image, isNamed: true)) }
      let inside = Self.zarrImages(in: folder)
      images += inside.filter { !OMEImage.isLabels($0) }.map { Image(role: .image, path: $0) }
      images += inside.filter(OMEImage.isLabels).map { Image(role: .labels, path: $0) }
    }
  }

  /// An image by itself: what labels were made of lies below them.
  private mutating func findImage(_ path: String, under image: String?) {
    let isLabels = OMEImage.isLabels(path)
    if isLabels, let below = image ?? RecordedInputs.segmentation(of: path)?.image {
      images.append(Image(role: .image, path: below, isNamed: image != nil))
    }
    images.append(Image(role: isLabels ? .labels : .image, path: path))
    if !isLabels { addLabels(of: path) }
  }

  private mutating func findRun(_ record: RecordedInputs, _ folder: String, _ image: String?) {
    switch record.command {
    case .registration:
      let names = OutputFormat.allCases.map { folder + "/registered." + $0.fileExtension }
      let registered = names.first(where: FileAccess.exists) ?? names[0]
      let fixed = image ?? record.image
      images.append(Image(role: .fixed, path: fixed, channel: record.channel, isNamed: image != nil))
      images.append(Image(role: .registered, path: registered, channel: record.movingChannel))
      addLabels(of: fixed)
      addLabels(of: registered)
    case .segmentation:
      images.append(Image(role: .image, path: image ?? record.image, isNamed: image != nil))
      // The folder may have been moved, with the labels in it.
      let beside = folder + "/" + URL(fileURLWithPath: record.output).lastPathComponent
      images.append(Image(role: .labels, path: FileAccess.exists(record.output) ? record.output : beside))
    }
    images += Self.zarrImages(in: folder).filter(OMEImage.isLabels).map { Image(role: .labels, path: $0) }
  }

  /// All rounds on their reference; labels of one are shown with that one.
  private mutating func findRounds(_ rounds: RoundsRecord, _ folder: String, _ image: String?) {
    let fixed = image ?? rounds.fixed.path
    images.append(Image(role: .fixed, path: fixed, channel: rounds.fixed.channel))
    for round in rounds.rounds {
      images.append(Image(role: .registered, path: folder + "/" + round.registered, channel: round.moving.channel, round: round.name))
    }
    addLabels(of: fixed)
  }

  private mutating func addLabels(of image: String) {
    guard !StoreLocation.isRemote(image), let group = try? LabelGroup(of: image), let names = try? group.names() else { return }
    images += names.map { Image(role: .labels, path: group.path(of: $0)) }
  }

  /// The OME-Zarr images directly in a folder, by name.
  private static func zarrImages(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      .filter { $0.hasSuffix(".zarr") && !$0.hasPrefix(".") }.map { folder + "/" + $0 }.filter(OMEImage.isZarr)
  }
}
