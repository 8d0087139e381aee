// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

@Suite struct BadFileTests {
  /// Opens a file and reads all of it, and says what went wrong.
  private func problem(_ url: URL) -> String? {
    do {
      let image = try ImageFile.open(path: url.path)
      // A header may lie within what its file could hold: what is read stays bounded.
      guard image.levels[0].source.extent.count < 1 << 22 else { return "large" }
      _ = try image.levels[0].source.read(image.levels[0].source.extent.box, as: Float.self)
      return nil
    } catch {
      return error.localizedDescription
    }
  }

  private func write(_ name: String, in folder: URL, compressionLevel: Int = 4) throws -> URL {
    let url = folder.appendingPathComponent(name)
    var options = ImageFileOptions()
    options.compressionLevel = compressionLevel
    try ImageFile.write(RoundTripTests.volume([6, 40, 50], as: UInt16.self), to: url.path, options: options)
    return url
  }

  @Test func whatIsNoImageIsNamed() throws {
    try withTemporaryFolder { folder in
      #expect(problem(folder.appendingPathComponent("missing.tif"))?.hasSuffix("missing.tif does not exist") == true)
      #expect(problem(folder)?.contains("is a folder") == true)
      for (name, bytes) in [("empty.nii", ""), ("text.nii.gz", "not an image at all"), ("text.mha", "hello"), ("short.tif", "II")] {
        let url = folder.appendingPathComponent(name)
        try Data(bytes.utf8).write(to: url)
        #expect(problem(url)?.contains(bytes.isEmpty ? "is empty" : "is not an image") == true, "\(problem(url) ?? "read")")
        #expect(!ImageFile.isImageFile(url.path))
      }
    }
  }

  @Test func aPipeIsNotWaitedFor() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.tif")
      try #require(unsafe mkfifo(url.path, 0o600) == 0)
      #expect(problem(url)?.contains("is a pipe") == true)
    }
  }

  /// Without the size of its stream, which ITK would take for zeros.
  @Test func aCompressedMetaImageIsReadToItsEndOrAnError() throws {
    try withTemporaryFolder { folder in
      let source = try write("a.nrrd", in: folder)
      let nrrd = try Data(contentsOf: source)
      let packed = nrrd[try #require(nrrd.range(of: Data("\n\n".utf8))).upperBound...]
      let header = "NDims = 3\nDimSize = 50 40 6\nElementType = MET_USHORT\nCompressedData = True\nElementDataFile = LOCAL\n"
      let url = folder.appendingPathComponent("a.mha")
      try (Data(header.utf8) + packed).write(to: url)
      let volumes = try [source, url].map { try ImageFile.open(path: $0.path).volumes().finest }
      #expect(try volumes[0].load().voxels == volumes[1].load().voxels)
      try (Data(header.utf8) + packed.dropLast(20)).write(to: url)
      #expect(problem(url)?.contains("\(url.path) cannot be decompressed to its end") == true, "\(problem(url) ?? "read")")
    }
  }

  @Test(arguments: ["LIST\nplane0.raw\nplane1.raw", "plane%d.raw 0 1 1", "missing.raw"])
  func voxelsThatAMetaImageOnlyNamesAreNotTakenForZeros(files: String) throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.mhd")
      try Data("NDims = 3\nDimSize = 5 4 2\nElementType = MET_UCHAR\nElementDataFile = \(files)\n".utf8).write(to: url)
      #expect(problem(url)?.contains("\(url.path) names ") == true, "\(problem(url) ?? "read")")
    }
  }

  /// ITK would wait for a pipe, and tells of the others in its own words.
  @Test(arguments: [
    ("raw", "missing.raw", "does not exist"), ("raw", "pipe", "is a pipe"), ("raw", ".", "is a folder"),
    ("bzip2", "there.raw", "is compressed with bzip2"),
  ])
  func voxelsThatAnNRRDHeaderNamesButCannotBeReadAreAnErrorThatNamesBoth(encoding: String, file: String, expected: String) throws {
    try withTemporaryFolder { folder in
      try Data(repeating: 1, count: 40).write(to: folder.appendingPathComponent("there.raw"))
      #expect(unsafe mkfifo(folder.appendingPathComponent("pipe").path, 0o600) == 0)
      let url = folder.appendingPathComponent("a.nhdr")
      let header = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 5 4 2\nencoding: \(encoding)\ndata file: \(file)\n"
      try Data(header.utf8).write(to: url)
      let found = problem(url) ?? "read"
      #expect(found.contains(url.path) && found.contains(expected), "\(found)")
    }
  }

  @Test func aStreamLongerThanItsHeaderTellsIsReadAsFarAsThat() throws {
    try withTemporaryFolder { folder in
      let source = try write("a.nrrd", in: folder)
      let nrrd = try Data(contentsOf: source)
      let packed = nrrd[try #require(nrrd.range(of: Data("\n\n".utf8))).upperBound...]
      let header = "NRRD0004\ntype: uint16\ndimension: 3\nsizes: 50 40 5\nendian: little\nencoding: gzip\n\n"
      let url = folder.appendingPathComponent("short.nrrd")
      try (Data(header.utf8) + packed).write(to: url)
      let volumes = try [source, url].map { try ImageFile.open(path: $0.path).volumes().finest }
      let five = Box(lower: [0, 0, 0], upper: [5, 40, 50])
      #expect(try volumes[0].read(five) == volumes[1].read(five))
    }
  }

  @Test(arguments: ["a.tif", "a.nii", "a.nii.gz", "a.nrrd", "plain.nrrd", "plain.tif"])
  func aFileCutShortIsAnError(name: String) throws {
    try withTemporaryFolder { folder in
      let url = try write(name, in: folder, compressionLevel: name.hasPrefix("plain") ? 0 : 4)
      let whole = try Data(contentsOf: url)
      for count in [5, 100, 349, whole.count / 2, whole.count - 300] {
        try whole.prefix(count).write(to: url)
        let problem = problem(url)
        #expect(problem?.contains(url.path) == true, "\(count) of \(whole.count) bytes: \(problem ?? "read")")
      }
    }
  }

  @Test func sizesThatTheFileCannotHoldAreRefused() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.nrrd")
      for sizes in ["2000000000 2000000000 2", "4000000000 4000000000 4000000000", "0 5 5", "-3 5 5"] {
        let header = "NRRD0004\ntype: uint16\ndimension: 3\nsizes: \(sizes)\nendian: little\nencoding: raw\n\n"
        try Data(header.utf8).write(to: url)
        #expect(problem(url) != nil, "\(sizes)")
      }
    }
  }

  @Test func aSpacingOfZeroIsRefusedUntilAnotherIsGiven() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.tif")
      let volume = RoundTripTests.volume([3, 5, 7], as: UInt8.self)
      try ImageFile.write(volume.placed(in: PhysicalSpace(spacing: [0, 1, 1], unit: .micrometer)), to: url.path)
      #expect(problem(url)?.contains("each has to be above zero") == true)
      #expect(try ImageFile.open(path: url.path, spacing: [1, 1, 1]).levels[0].space.spacing == [1, 1, 1])
    }
  }

  @Test(arguments: ["a.tif", "a.nii", "a.nii.gz", "a.nrrd", "plain.tif"])
  func noDamageToAHeaderStopsTheProgram(name: String) throws {
    try withTemporaryFolder { folder in
      let url = try write(name, in: folder, compressionLevel: name.hasPrefix("plain") ? 0 : 4)
      let whole = [UInt8](try Data(contentsOf: url))
      var generator = SeededGenerator(seed: 11)
      // Headers lie at the beginning, TIFF's directories at the end.
      let places = name.hasSuffix("tif") ? Array(0..<16) + Array((whole.count - 1000)..<whole.count) : Array(0..<352)
      var refused = 0
      for _ in 0..<200 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          bytes[places.randomElement(using: &generator)!] = UInt8.random(in: 0...255, using: &generator)
        }
        try Data(bytes).write(to: url)
        if problem(url) != nil { refused += 1 }
      }
      #expect(refused > 0)
    }
  }

  @Test func aFolderThatIsMissingIsAnError() throws {
    try withTemporaryFolder { folder in
      for name in ["a.tif", "a.nii.gz", "a.nrrd"] {
        #expect(throws: ImageFileError.self) { try write("missing/\(name)", in: folder) }
      }
      #expect(throws: ImageFileError.self) { try write("a.xyz", in: folder) }
    }
  }
}
