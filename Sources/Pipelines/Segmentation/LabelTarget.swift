// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Pyramids
internal import Volumes

/// Where labels go: an image of their own, or the group `labels` of an image.
public struct LabelTarget: Sendable {
  /// The label image that is written.
  public let path: String
  /// What the table of objects lies beside.
  let beside: String
  /// The labels of the image that these are put among.
  let group: LabelGroup?

  /// An image of their own, an OME-Zarr.
  ///
  /// - Throws: `PipelineError` where the name is that of a file of another format.
  public init(_ path: String) throws {
    try OutputRun.checkName(path, of: "labels")
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    (self.path, beside, group) = (path, path, nil)
  }

  /// The labels `name` of an OME-Zarr image.
  ///
  /// - Throws: an error where the path is no such image, or the name is none.
  public init(into image: String, name: String) throws {
    guard Self.isName(name) else {
      throw PipelineError(
        "`\(name.filter { !Self.isControl($0) })` is no name for labels",
        hint: "choose one without slashes that begins with a letter or a digit, as nuclei")
    }
    // Of a link, what it leads to: what lies beside the image is looked for and written in one folder.
    let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: URL(fileURLWithPath: image).path)) != nil
    let group = try LabelGroup(of: isLink ? URL(fileURLWithPath: image).resolvingSymlinksInPath().path : image)
    (path, beside, self.group) = (group.path(of: name), group.image, group)
  }

  /// Whether labels can have that name inside an image: no file of Zarr's own has it, and no program trips over it.
  private static func isName(_ name: String) -> Bool {
    guard let first = name.first, first.isLetter || first.isNumber else { return false }
    return name != "zarr.json" && !name.contains { $0 == "/" || isControl($0) }
  }

  private static func isControl(_ character: Character) -> Bool {
    character.unicodeScalars.contains { $0.properties.generalCategory == .control || $0.properties.generalCategory == .lineSeparator }
  }

  /// - Throws: `PipelineError` where the labels of an image are to be put into one of another size, or those of a coarser level; where the
  ///   image's list of labels cannot be read.
  func check(_ segmented: StoredImage, level: Int) throws {
    try group?.checkList()
    if let group, level > 0 {
      throw PipelineError(
        "labels inside an image have its levels, the finest of \(group.image) too, and --finest-level \(level) is segmented",
        hint: "write the labels beside the image with --output, or leave --finest-level out")
    }
    guard let group, URL(fileURLWithPath: group.image).standardizedFileURL != URL(fileURLWithPath: segmented.path).standardizedFileURL
    else {
      return
    }
    let (own, other) = (try segmented.volumes().finest.extent, try StoredImage.open(group.image).volumes().finest.extent)
    guard own == other else {
      throw PipelineError(
        "\(segmented.path) has \(own) voxels, and \(group.image), which the labels are to be put into, \(other)",
        hint: "put labels into the image that they belong to, or write them beside it with --output")
    }
  }
}
