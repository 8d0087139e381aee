// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// Every result of a run but seconds, and the report that tells of them, by its name in the folder.
public func resultFiles(_ folder: String) throws -> [String: Data] {
  let apart: Set<String> = ["timings.csv", "report.html", "report.json"]
  var found: [String: Data] = [:]
  for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
    let url = URL(fileURLWithPath: folder + "/" + name)
    let isFile = try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
    if isFile && !name.hasPrefix(".weft") && !apart.contains(name) { found[name] = try Data(contentsOf: url) }
  }
  return found
}
