// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pipelines
import Reports
import TestSupport

/// A pair that was made and registered in a temporary folder.
struct PhantomRun {
  /// Where `fixed.ome.zarr` and `moving.ome.zarr` lie.
  let pair: URL
  /// The output folder.
  let out: String

  var page: String { get throws { try String(contentsOfFile: out + "/report.html", encoding: .utf8) } }

  /// Makes a phantom, registers it, and calls `body`; no report is written.
  ///
  /// - Parameter name: of the folder that everything lies in.
  static func with(_ shape: [Int], block: [Int], name: String = "run", _ body: (PhantomRun) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let folder = folder.appendingPathComponent(name)
      let pair = folder.appendingPathComponent("pair")
      try FileManager.default.createDirectory(at: pair, withIntermediateDirectories: true)
      var phantom = PhantomOptions()
      phantom.shape = shape
      try await Phantom(phantom).write(into: pair.path)
      var options = RegistrationOptions()
      options.blockExtent = block
      options.accuracy = .draft
      let out = folder.appendingPathComponent("out").path
      let registration = try ChunkedRegistration(
        fixed: .open(pair.appendingPathComponent("fixed.ome.zarr").path),
        moving: .open(pair.appendingPathComponent("moving.ome.zarr").path),
        options: options)
      _ = try await registration.run(into: out)
      try await body(PhantomRun(pair: pair, out: out))
    }
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(at: pair.appendingPathComponent(name)) }

  func change(_ name: String, _ edit: (String) -> String) throws {
    let url = URL(fileURLWithPath: out + "/" + name)
    try Data(edit(String(contentsOf: url, encoding: .utf8)).utf8).write(to: url)
  }

  /// What an error of `body` says and hints at.
  func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return [error.localizedDescription, (error as? any LocalizedError)?.recoverySuggestion ?? ""].joined(separator: " | ") }
  }
}

extension String {
  /// How often a part occurs.
  func count(of part: String) -> Int { components(separatedBy: part).count - 1 }
}
