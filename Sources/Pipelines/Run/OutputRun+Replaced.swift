// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Pyramids

/// What an OME-Zarr image may take the place of: another one of its kind, and nothing else, whatever `--overwrite` says.
extension OutputRun {
  /// - Throws: `PipelineError` where a name ends as those of other files do.
  static func checkName(_ output: String, of what: String) throws {
    let name = URL(fileURLWithPath: output).lastPathComponent
    let format = try OutputFormat(ofName: name)
    let ending = name.dropFirst().lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
    guard format == .zarr, ending.isEmpty || ending.lowercased() == "zarr" || !ending.allSatisfy(\.isLetter) else {
      throw PipelineError("--output \(output): \(what) are written as OME-Zarr", hint: "end the name in .ome.zarr")
    }
  }

  /// - Parameter areLabels: whether labels are written; else an image that is none.
  /// - Throws: `PipelineError` where the output is a file, labels in the place of an image, or an image in the place of labels.
  func checkKind(areLabels: Bool) throws {
    guard let isFolder = FileManager.default.isFolder(atPath: output) else { return }
    guard isFolder else {
      throw PipelineError(
        "--output \(output) is a file, and files are not replaced by the folder of an OME-Zarr image",
        hint: "choose another name, as NAME.ome.zarr, or remove the file first")
    }
    guard overwrite, OMEImage.isZarr(output), OMEImage.isLabels(output) != areLabels else { return }
    throw PipelineError(
      areLabels
        ? "--output \(output) is no image of labels, and --overwrite replaces labels by labels only"
        : "--output \(output) is an image of labels, and --overwrite replaces other images only",
      hint: "choose another name, or remove it first")
  }
}
