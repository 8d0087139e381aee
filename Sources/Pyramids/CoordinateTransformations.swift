// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation

/// The product of a list of OME-NGFF scales and translations: `position = scale ∘ index + translation`, one number an axis.
struct CoordinateTransformations {
  var scale: [Double]
  var translation: [Double]

  init(rank: Int) {
    scale = [Double](repeating: 1, count: rank)
    translation = [Double](repeating: 0, count: rank)
  }

  /// Applies the transformations of `json` after those so far, in the order of the list.
  ///
  /// - Throws: where one is of an unknown kind or has not one number an axis.
  mutating func append(_ json: JSON?, file: String) throws(PyramidError) {
    for transformation in json?.elements ?? [] {
      switch transformation["type"]?.text {
      case "identity": break
      case "scale":
        let factors = try numbers(transformation, "scale", file)
        scale = zip(scale, factors).map(*)
        translation = zip(translation, factors).map(*)
      case "translation":
        translation = zip(translation, try numbers(transformation, "translation", file)).map(+)
      case let type:
        throw PyramidError(
          "\(file): a coordinate transformation of type `\(type ?? "null")` is not supported; scale and translation are",
          hint:
            "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5")
      }
    }
  }

  private func numbers(_ json: JSON, _ name: String, _ file: String) throws(PyramidError) -> [Double] {
    let values = json[name]?.elements?.compactMap(\.number) ?? []
    guard values.count == scale.count, values.allSatisfy(\.isFinite) else {
      throw PyramidError(
        "\(file): the \(name) \(json[name]?.shown ?? "null") is not a list of \(scale.count) numbers, one an axis",
        hint: "the image's metadata are damaged, or of a kind that is not read: write it again with another program, as OME-Zarr 0.4 or 0.5"
      )
    }
    return values
  }
}
