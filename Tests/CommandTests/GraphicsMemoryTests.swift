// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Tiles under `--gpu`, with stand-ins for `nvidia-smi` and for a program that uses a graphics processor.
struct GraphicsMemoryTests {
  private struct Plan: Decodable { var core: [Int], halo: [Int] }

  /// The tiles that are planned for an image of 2000² voxels, and what was said of them.
  ///
  /// - Parameters:
  ///   - free: what `nvidia-smi` prints; `nil` where it fails.
  ///   - tells: whether the program tells that it takes 100 MB and 1000 bytes a voxel of the graphics processor.
  private func planned(
    in url: URL, free: String?, visible: String? = nil, tells: Bool = true
  ) throws -> (plan: Plan, said: String) {
    let folder = ImageFolder(url)
    if !FileManager.default.fileExists(atPath: folder.path("image.zarr")) {
      try folder.array("image.zarr", [2000, 2000]) { UInt8(truncatingIfNeeded: $0 % 251) }
    }
    let tool = folder.path("bin/nvidia-smi")
    try folder.put("#!/bin/sh\necho \"$@\" >> '\(folder.path("asked"))'\n\(free.map { "printf '\($0)'" } ?? "exit 9")\n", "bin/nvidia-smi")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool)
    try folder.put(
      """
      import json, sys
      most = 0
      for line in sys.stdin:
          request = json.loads(line)
          if request["type"] == "init": answer = {"type": "ready", "name": "stand-in"}
          elif request["type"] == "shutdown": break
          else:
              height, width = request["shape"][1:]
              with open(request["output"], "wb") as file: file.write(bytes(height * width))
              answer = {"type": "result", "id": request["id"], "dtype": "uint8", "shape": [height, width]}
              most = max(most, 100000000 + 1000 * height * width)
              if \(tells ? "True" : "False"): answer["gpu_bytes"] = most
          print(json.dumps(answer), flush=True)
      """, "program.py")
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let run = try weft(
      [
        "plan", "segment", folder.path("image.zarr"), "--axes", "yx", "--method", "command", "--command",
        "python3 '\(folder.path("program.py"))'", "--gpu", "--memory", "8GB", "--json",
      ], environment: ["PATH": folder.path("bin") + ":" + path, "CUDA_VISIBLE_DEVICES": visible ?? "0,1"])
    try #require(run.status == 0, "\(run.errors)")
    return (try JSONDecoder().decode(Plan.self, from: Data(run.output.utf8)), run.errors + run.output)
  }

  /// Of 1000 MiB four fifths are for tiles: 838.9 MB, so 591,000 voxels at 1000 bytes and a quarter more, beside 100 MB.
  @Test func tilesFitTheGraphicsProcessorsMemory() throws {
    try withTemporaryFolder { folder in
      let (plan, said) = try planned(in: folder, free: "1000\\n90000\\n")
      let padded = zip(plan.core, plan.halo).map { min($0 + 2 * $1, 2000) }.reduce(1, *)
      #expect(padded <= 591_100 && padded > 591_100 / 4, "\(plan)")
      #expect(said.contains("on the graphics processor") && said.contains("839 MB"), "\(said)")
      let asked = try String(contentsOf: folder.appendingPathComponent("asked"), encoding: .utf8)
      #expect(asked == "--query-gpu=memory.free --format=csv,noheader,nounits\n")
      // The second processor has room for all that the machine's memory has.
      let roomy = try planned(in: folder, free: "1000\\n90000\\n", visible: "1")
      let unbounded = try planned(in: folder, free: nil)
      #expect(roomy.plan.core == unbounded.plan.core && roomy.plan.core[0] > plan.core[0], "\(roomy.plan) \(unbounded.plan)")
      _ = try planned(in: folder, free: "1000\\n", visible: "GPU-5")
      #expect(try String(contentsOf: folder.appendingPathComponent("asked"), encoding: .utf8).hasSuffix("nounits -i GPU-5\n"))
    }
  }

  @Test func whereNothingIsKnownTheMachinesMemoryDecides() throws {
    try withTemporaryFolder { folder in
      for (free, visible) in [(nil, nil), ("[N/A]\\n", nil), ("5000\\n", ""), ("5000\\n", "3")] as [(String?, String?)] {
        let (_, said) = try planned(in: folder, free: free, visible: visible)
        #expect(said.contains("tiles are sized by the machine's memory alone"), "\(said)")
      }
      let (_, said) = try planned(in: folder, free: "5000\\n", tells: false)
      #expect(said.contains("what it takes of the machine's memory stands for it"), "\(said)")
    }
  }
}
