// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A browser without a screen; `nil` where there is none, which is said.
private let browser: URL? = {
  let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").flatMap { folder in
    ["chromium", "chromium-browser", "google-chrome"].map { "\(folder)/\($0)" }
  }
  if let place = places.first(where: FileManager.default.isExecutableFile) { return URL(fileURLWithPath: place) }
  print("skipped: reports in a browser, because there is no chromium on the PATH")
  return nil
}()

/// What a page tells of itself once it is loaded.
private struct Probe: Decodable {
  var images: Int
  var decoded: Int
  var errors: [String]
  var sortedBlocks: [String]?
}

/// Shows a page in a browser, where there is one: nothing is said on the console, nothing is fetched, each image is decoded, and the table of
/// blocks is sorted by a click.
func expectThatABrowserShows(_ page: String, images: Int) throws {
  guard let browser else { return }
  let probe = """
    <script>
    const seen = { errors: [] };
    addEventListener("error", event => seen.errors.push(String(event.message)));
    addEventListener("securitypolicyviolation", event => seen.errors.push(event.blockedURI + " " + event.violatedDirective));
    addEventListener("load", () => {
      const images = [...document.images];
      seen.images = images.length;
      seen.decoded = images.filter(image => image.complete && image.naturalWidth > 0).length;
      const table = document.querySelector("table.sortable");
      if (table) {
        const button = table.querySelector("th button");
        button.click();
        button.click();
        seen.sortedBlocks = [...table.tBodies[0].rows].map(row => row.cells[0].textContent);
      }
      document.body.textContent = "PROBE" + JSON.stringify(seen) + "PROBE";
    });
    </script>
    </body>
    """
  try withTemporaryFolder { folder in
    let file = folder.appendingPathComponent("page.html")
    try Data(page.replacingOccurrences(of: "</body>", with: probe).utf8).write(to: file)
    let (output, errors) = (folder.appendingPathComponent("output"), folder.appendingPathComponent("errors"))
    for url in [output, errors] { try Data().write(to: url) }
    let process = Process()
    process.executableURL = browser
    process.arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
      "--user-data-dir=\(folder.path)/profile", "--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", file.absoluteString,
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(["HOME": folder.path]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    let said = try String(contentsOf: errors, encoding: .utf8).split(separator: "\n").filter { $0.contains("CONSOLE") }
    #expect(said == [])
    let parts = try String(contentsOf: output, encoding: .utf8).components(separatedBy: "PROBE")
    try #require(parts.count == 3, "the browser ended with \(process.terminationStatus) and showed \(parts[0].prefix(500))")
    let text = parts[1].replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
    let seen = try JSONDecoder().decode(Probe.self, from: Data(text.replacingOccurrences(of: "&amp;", with: "&").utf8))
    #expect(seen.images == images && seen.decoded == images && seen.errors == [])
    if let blocks = seen.sortedBlocks?.compactMap({ Int($0) }) { #expect(blocks == blocks.sorted(by: >)) }
  }
}
