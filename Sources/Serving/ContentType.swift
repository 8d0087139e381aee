// SPDX-License-Identifier: Apache-2.0

/// What a file holds, by its name, as the field `Content-Type` has it.
enum ContentType {
  static func of(_ name: String) -> String {
    if [".zarray", ".zattrs", ".zgroup", ".zmetadata"].contains(name) { return "application/json" }
    let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    return known[ending] ?? "application/octet-stream"
  }

  private static let known = [
    "json": "application/json", "js": "text/javascript", "css": "text/css", "wasm": "application/wasm", "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8", "txt": "text/plain; charset=utf-8",
    "md": "text/plain; charset=utf-8", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "tif": "image/tiff",
    "tiff": "image/tiff",
  ]
}
