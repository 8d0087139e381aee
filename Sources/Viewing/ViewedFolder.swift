// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Pipelines
internal import Pyramids

/// What there is to see in a folder: that of a registration or of a segmentation, an OME-Zarr image with its labels, or any folder with such
/// images in it.
///
///     let viewed = try ViewedFolder("out")
///     try viewed.requireWhole()
///     let state = try NeuroglancerState(viewed, at: "http://127.0.0.1:8080")
public struct ViewedFolder: Sendable {
  /// The folder.
  public let path: String
  /// What is shown, from below to the top.
  public let layers: [ViewedLayer]
  /// Images that the record of a run names and that are not where they were.
  public let missing: [String]

  /// Looks into a folder; no voxel is read.
  ///
  /// - Parameters:
  ///   - image: where the fixed image of a registration, or the image that was segmented, lies now; `nil` for where the record names it.
  ///   - labels: label images to show besides those that are found.
  /// - Throws: `PipelineError` where the folder, or an image that was named, does not exist, or viewers do not show the latter.
  public init(_ path: String, image: String? = nil, labels: [String] = []) throws {
    self.path = path
    guard !StoreLocation.isRemote(path) else {
      throw PipelineError("\(path) lies on the web already", hint: "give its address to the viewer itself")
    }
    guard FileAccess.exists(path) else {
      try Self.requireEnd(of: path)
      throw PipelineError(
        "\(path) does not exist", hint: "give the output folder of `weft register`, or an OME-Zarr image, as `weft segment` writes it")
    }
    guard FileAccess.isFolder(path) else {
      throw PipelineError(
        "\(path) is a file, and viewers read OME-Zarr images, which are folders", hint: "`weft convert \(path) image.ome.zarr` makes one")
    }
    for (option, path) in labels.map({ ("--labels", $0) }) + (image.map { [("--image", $0)] } ?? [])
    where !StoreLocation.isRemote(path) && !FileAccess.exists(path) {
      throw PipelineError("\(option) \(path) does not exist", hint: "check the path")
    }
    let found = FoundImages(in: path, image: image)
    let named = labels.map { FoundImages.Image(role: .labels, path: $0, isNamed: true) }
    for image in found.images + named where image.isNamed && !StoreLocation.isRemote(image.path) {
      _ = try OpenedLayer.image(at: image.path, as: image.role)
    }
    var layers: [ViewedLayer] = []
    missing = found.images.map(\.path).filter { !StoreLocation.isRemote($0) && !StoreLocation.isInArchive($0) && !FileAccess.exists($0) }
    var places: Set<String> = []
    for image in found.images + named where !missing.contains(image.path) && places.insert(image.place).inserted {
      layers.append(ViewedLayer(image, in: path, beside: layers))
    }
    self.layers = layers
  }

  /// Checks that all that belongs to it is there.
  ///
  /// - Throws: `PipelineError` where a run is not finished, an image is not where it was, or there is nothing to show.
  public func requireWhole() throws {
    try Self.requireEnd(of: path)
    if let gone = missing.first {
      throw PipelineError(
        "\(gone), which the record of the run names, is not there any more", hint: "tell where it lies now: --image PATH")
    }
    guard !layers.isEmpty else {
      throw PipelineError(
        "\(path) holds no OME-Zarr image: it is none, none lies directly in it, and no run.json in it names one",
        hint:
          "give the output folder of `weft register`, or an OME-Zarr image, as `weft convert` and `weft segment` write it; `weft serve` "
          + "serves any folder, to programs that know what is in it")
    }
  }

  /// Why there is no view of it; `nil` where there is one.
  public var whyNotShown: String? {
    do { try requireWhole() } catch { return error.localizedDescription }
    return nil
  }

  /// - Throws: `PipelineError` where a run is on its way; one that has ended may have kept its work.
  private static func requireEnd(of path: String) throws {
    guard RunHandle.isBegun(path), try !RunHandle(path).isFinished else { return }
    throw PipelineError(
      "the run of \(path) is not finished", hint: "`weft status \(path)` tells how far it is, `weft resume \(path)` goes on with it")
  }
}
