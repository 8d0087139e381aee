// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation

/// Errors for paths that are no image, saying what was found instead.
enum ImageDiagnosis {
  static func notZarr(_ path: String) -> PyramidError {
    if StoreLocation.isRemote(path) {
      return PyramidError(
        "\(path) is not an image: there is neither zarr.json, .zarray, .zattrs, .zgroup nor attributes.json",
        hint: "give the address of an OME-Zarr image, a Zarr array or an N5 dataset, the part before those names")
    }
    if StoreLocation.isInArchive(path) {
      let images = children(path)
      return PyramidError(
        "\(path) is not an image: it holds no Zarr metadata",
        hint: images.isEmpty
          ? "name an image inside the archive, as \(path)/image.ome.zarr" : "name what is inside, as \(path)/\(images[0])")
    }
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      let parent = OMEImage.trimmed(path.folderPrefix)
      let inside = OMEImage.isZarr(parent) ? children(parent) : []
      return PyramidError(
        "\(path) does not exist",
        hint: inside.isEmpty ? "check the spelling of the path" : "\(parent) holds \(inside.joined(separator: ", "))")
    }
    guard isFolder.boolValue else {
      return PyramidError("\(path) is a file, not a Zarr folder", hint: "name the folder that holds .zgroup or zarr.json")
    }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    let images = children(path)
    return PyramidError(
      "\(path) is not an image: it is a folder without Zarr metadata"
        + (names.isEmpty ? ", and empty" : ", holding \(names.prefix(4).joined(separator: ", "))\(names.count > 4 ? ", …" : "")"),
      hint: images.isEmpty
        ? "name a folder with .zattrs, .zarray or zarr.json in it, or one of numbered TIFF files"
        : "name what is inside, as \(path)/\(images[0])")
  }

  static func groupWithoutImage(_ path: String, attributes: [String: JSON]) -> PyramidError {
    let root = JSON.object(attributes)
    let ome = root["ome"] ?? root
    let inside = children(path)
    let first = inside.first.map { "\(path)/\($0)" }
    if ome["plate"] != nil || ome["well"] != nil {
      return PyramidError(
        "\(path) is a \(ome["plate"] != nil ? "plate" : "well") of many images", hint: "name one image, as \(first ?? path + "/A/1/0")")
    }
    if root["bioformats2raw.layout"] != nil || ome["bioformats2raw.layout"] != nil {
      return PyramidError("\(path) is a collection of images", hint: "name one image, as \(first ?? path + "/0")")
    }
    return PyramidError(
      "\(path) is a Zarr group without a multiscale image in its metadata",
      hint: inside.isEmpty ? nil : "it holds \(inside.prefix(6).joined(separator: ", ")); name one, as \(first ?? path)")
  }

  /// The Zarr nodes directly inside a folder.
  private static func children(_ path: String) -> [String] {
    ((try? StoreLocation.store(at: path))?.names(below: "") ?? []).filter { OMEImage.isZarr(path + "/" + $0) }.sorted()
  }
}
