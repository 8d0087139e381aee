// SPDX-License-Identifier: Apache-2.0

/// A node of a Zarr hierarchy: an array, or a group of nodes.
package enum ZarrNode: Sendable {
  case array(ArrayMetadata)
  case group(ZarrFormat, attributes: [String: JSON])

  /// Reads the node at the key `node` (empty: the root); `nil` where there is none. v3 is looked for first.
  package static func read(in store: any KeyValueStore, at node: String) throws(ChunkStoreError) -> ZarrNode? {
    func json(_ name: String) throws(ChunkStoreError) -> JSON? {
      let key = StoreKey.join(node, name)
      guard let bytes = try store.get(key) else { return nil }
      return try JSON.parse(bytes, file: store.name(of: key))
    }
    func file(_ name: String) -> String { store.name(of: StoreKey.join(node, name)) }

    if let json = try json("zarr.json") {
      switch json["node_type"]?.text {
      case "array": return .array(try ArrayMetadata(v3: json, file: file("zarr.json")))
      case "group": return .group(.v3, attributes: json["attributes"]?.members ?? [:])
      default:
        throw ChunkStoreError(
          "\(file("zarr.json")) has the node type \(json["node_type"]?.shown ?? "null"), and array and group are known",
          hint: "copy the image again from its source")
      }
    }
    if let array = try json(".zarray") {
      return .array(try ArrayMetadata(v2: array, attributes: try json(".zattrs")?.members ?? [:], file: file(".zarray")))
    }
    // Some writers leave .zgroup out.
    let attributes = try json(".zattrs")
    let group = try json(".zgroup")
    if attributes != nil || group != nil { return .group(.v2, attributes: attributes?.members ?? [:]) }
    return nil
  }

  /// Writes a group.
  package static func writeGroup(
    _ format: ZarrFormat, attributes: [String: JSON], in store: any KeyValueStore, at node: String
  ) throws(ChunkStoreError) {
    switch format {
    case .v2:
      let group: JSON = ["zarr_format": 2]
      try store.put(StoreKey.join(node, ".zgroup"), group.encoded())
      if !attributes.isEmpty { try store.put(StoreKey.join(node, ".zattrs"), JSON.object(attributes).encoded()) }
    case .v3:
      let group: JSON = ["zarr_format": 3, "node_type": "group", "attributes": .object(attributes)]
      try store.put(StoreKey.join(node, "zarr.json"), group.encoded())
    }
  }
}
