// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Weft from Python, as `Tests/run` installed it.
struct PythonPackageTests {
  /// Whether a Python has it.
  private static func hasWeft(_ python: String?) -> Bool {
    guard let python else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", "import weft, numpy"]
    process.standardError = FileHandle.nullDevice
    let isThere = (try? process.run()) != nil
    if isThere { process.waitUntilExit() }
    if isThere, process.terminationStatus == 0 { return true }
    print("skipped: tests of Weft's Python package, because \(python) does not have it")
    return false
  }

  @Test(.enabled(if: hasWeft(python))) func everyFunctionWorks() throws {
    try withTemporaryFolder { url in
      let said = try runInteropScript("python_package.py", [url.path])
      #expect(said.status == 0 && said.output.contains("all is well"), "\(said.output)")
    }
  }

  @Test(.enabled(if: isFullRun && hasWeft(interpreter("WEFT_CELLPOSE_PYTHON")))) func aNetworkIsTrainedOnPatches() throws {
    let torch = interpreter("WEFT_CELLPOSE_PYTHON")
    try withTemporaryFolder { url in
      let made = try weft(["phantom", url.path + "/pair", "--shape", "64", "--labels", "--scene", "nuclei", "-q"])
      try #require(made.status == 0, "\(made.errors)")
      let said = try runInteropScript("python_package.py", [url.path, "torch"], interpreter: torch)
      #expect(said.status == 0 && said.output.contains("all is well"), "\(said.output)")
      guard let nuclei = sharedData?.appendingPathComponent("nuclei").path else { return }
      let trained = try runInteropScript("patches_training.py", [nuclei, url.path], interpreter: torch)
      #expect(trained.status == 0, "\(trained.output)")
      print(trained.output)
    }
  }
}
