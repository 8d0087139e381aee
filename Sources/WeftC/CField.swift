// SPDX-License-Identifier: Apache-2.0

internal import Weft

/// The transform of a registration behind a handle.
private final class OpenField: Sendable {
  let folder: TransformFolder
  let map: PartedMap

  init(_ path: String) throws {
    folder = try TransformFolder.open(path)
    map = try folder.parts()
  }
}

/// Opens the transform of a finished registration.
@c(weft_field_open) public func weftFieldOpen(
  _ path: UnsafePointer<CChar>, _ field: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> UnsafeMutablePointer<CChar>? {
  unsafe failure { unsafe field.pointee = try unsafe handle(OpenField(String(cString: path))) }
}

/// The fixed image as JSON: `{"shape": …, "spacing": …, "origin": …, "unit": …}`, on three axes.
@c(weft_field_lattice) public func weftFieldLattice(_ field: UnsafeMutableRawPointer) -> UnsafeMutablePointer<CChar>? {
  struct Lattice: Encodable {
    let shape: [Int]
    let spacing: [Double]
    let origin: [Double]
    let unit: String?
  }
  let lattice = unsafe object(field, as: OpenField.self).folder.fixedLattice
  return unsafe try? handedOver(
    json: Lattice(
      shape: lattice.extent.lengths, spacing: lattice.space.spacing, origin: lattice.space.origin, unit: lattice.space.unit?.name))
}

/// Where `count` points of the fixed image (z, y, x in its unit) lie in the moving image, in place.
@c(weft_field_map) public func weftFieldMap(
  _ field: UnsafeMutableRawPointer, _ points: UnsafeMutablePointer<Double>, _ count: Int
) -> UnsafeMutablePointer<CChar>? {
  unsafe failure {
    var places = (0..<count).map { unsafe SIMD3(points[3 * $0], points[3 * $0 + 1], points[3 * $0 + 2]) }
    try unsafe object(field, as: OpenField.self).map.move(&places)
    for (index, place) in places.enumerated() {
      for axis in 0..<3 { unsafe points[3 * index + axis] = place[axis] }
    }
  }
}
