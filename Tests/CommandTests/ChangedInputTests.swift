// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Voxels of two specimens are never mixed: an image whose chunks were changed is another one, though its metadata are the same.
@Suite(.serialized) struct ChangedInputTests {
  /// Puts other bytes of the same number into a chunk of the finest level.
  ///
  /// - Returns: what puts the chunk back as it was, with its time.
  private func changeChunk(of image: String) throws -> () throws -> Void {
    let level = image + "/0"
    let chunks = (FileManager.default.enumerator(atPath: level)?.compactMap { $0 as? String } ?? []).filter { $0.hasPrefix("c/") }.sorted()
    let files = chunks.map { URL(fileURLWithPath: level + "/" + $0) }.filter { (try? Data(contentsOf: $0)) != nil }
    let file = try #require(files.last)
    let kept = image + "." + file.lastPathComponent
    let bytes = try Data(contentsOf: file)
    try FileManager.default.moveItem(atPath: file.path, toPath: kept)
    try Data(bytes.reversed()).write(to: file)
    return {
      try FileManager.default.removeItem(at: file)
      try FileManager.default.moveItem(atPath: kept, toPath: file.path)
    }
  }

  /// What is on record of tasks.
  private func ledgers(_ work: String) throws -> [String: Data] { try resultFiles(work).filter { $0.key.contains("/ledger/") } }

  private func withPair(_ body: (_ folder: String, _ fixed: String, _ moving: String) throws -> Void) throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "144", "-q"]).status == 0)
      try body(folder, folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr")
    }
  }

  /// Neither by `weft resume` nor by the same command; with the chunk put back it is.
  private func expectRefusal(_ command: [String], output: String, work: String, of image: String) throws {
    try #require(FileManager.default.fileExists(atPath: work + "/plan.json"), "it ended before it was killed")
    let before = try ledgers(work)
    try #require(!before.isEmpty)
    let putBack = try changeChunk(of: image)
    for words in [["resume", output, "-q"], command] {
      let refused = try weft(words)
      #expect(refused.status == 1, "\(words[0]): \(refused.output)")
      #expect(
        refused.errors.contains("had another input: \(image): its chunk files were last changed at")
          && refused.errors.contains("--overwrite"),
        "\(refused.errors)")
      #expect(try ledgers(work) == before, "\(words[0])")
    }
    try putBack()
    let resumed = try weft(["resume", output, "-q"])
    #expect(resumed.status == 0, "\(resumed.errors)")
  }

  @Test func aRegistrationIsNotGoneOnWithWhereAChunkChanged() throws {
    try withPair { folder, fixed, moving in
      let out = folder + "/out"
      let mask = folder + "/mask.ome.zarr"
      try #require(weft(["convert", fixed, mask, "-q"]).status == 0)
      let register = ["register", fixed, moving, "-o", out, "--accuracy", "draft", "--fixed-mask", mask, "-q"]
      for image in [moving, mask] {
        try weft(register, endedOnce: out + "/.weft/downsample/ledger")
        try expectRefusal(register, output: out, work: out + "/.weft", of: image)
        try FileManager.default.removeItem(atPath: out)
      }
    }
  }

  @Test func blocksAreNotRefinedWhereAChunkChanged() throws {
    try withPair { folder, fixed, moving in
      let out = folder + "/out"
      try #require(weft(["register", fixed, moving, "-o", out, "--accuracy", "draft", "--chunk-size", "72", "-q"]).status == 0)
      let before = try resultFiles(out)
      let refine = ["refine", out, "--blocks", "0", "-q"]
      let putBack = try changeChunk(of: fixed)
      let refused = try weft(refine)
      #expect(refused.status == 1, "\(refused.output)")
      #expect(
        refused.errors.contains("the fixed image is not that of the registration in \(out)") && refused.errors.contains("chunk files"))
      #expect(try resultFiles(out) == before)
      try putBack()
      // Labels inside the image are not the image.
      try #require(weft(["segment", fixed, "--into", fixed, "--name", "cells", "--method", "threshold", "-q"]).status == 0)
      let refined = try weft(refine)
      #expect(refined.status == 0, "\(refined.errors)")
    }
  }

  @Test func anImageIsNotMadeOfTwoWhereAChunkChanged() throws {
    try withPair { folder, fixed, moving in
      let out = folder + "/out"
      try #require(weft(["register", fixed, moving, "-o", out, "--stages", "affine", "--accuracy", "draft", "-q"]).status == 0)
      let commands: [(name: String, stage: String, words: [String])] = [
        ("applied", "resample", ["apply", "-t", out, "-i", moving, "--threads", "1"]),
        ("labels", "segment", ["segment", moving, "--method", "threshold", "--tile-shape", "24", "--overlap", "6vx"]),
        ("copy", "copy", ["convert", moving, "--threads", "1"]),
      ]
      for command in commands {
        let image = folder + "/\(command.name)/image.ome.zarr"
        let words = command.words + (command.name == "copy" ? [image] : ["-o", image]) + ["-q"]
        let work = folder + "/\(command.name)/.image.ome.zarr.weft"
        try weft(words, endedOnce: work + "/\(command.stage)/ledger")
        try expectRefusal(words, output: image, work: work, of: moving)
      }
    }
  }

  /// A plan of a version that did not look at chunks tells nothing of them.
  @Test func aPlanThatTellsNothingOfChunksIsGoneOnWith() throws {
    try withPair { folder, fixed, moving in
      let out = folder + "/out"
      try weft(["register", fixed, moving, "-o", out, "--accuracy", "draft", "-q"], endedOnce: out + "/.weft/downsample/ledger")
      let file = URL(fileURLWithPath: out + "/.weft/plan.json")
      var plan = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      for side in ["fixed", "moving"] {
        var image = try #require(plan[side] as? [String: Any])
        #expect(image.removeValue(forKey: "chunks") != nil)
        plan[side] = image
      }
      plan["others"] = nil
      try JSONSerialization.data(withJSONObject: plan).write(to: file)
      let resumed = try weft(["resume", out, "-q"])
      #expect(resumed.status == 0, "\(resumed.errors)")
    }
  }
}
