// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

/// Images of several TIFF files, and pyramids in one.
struct TIFFSetTests {
  private static let extent: Extent = [2, 5, 34, 47]
  private static let voxels = patternVoxels(extent, seed: 70, as: UInt16.self)

  private func opened(_ path: String, axes: String? = nil, spacing: [Double]? = nil) throws -> StoredImage {
    ImageFile.isSequence(path)
      ? try ImageFile.openSequence(path, axes: axes, spacing: spacing) : try ImageFile.open(path: path, spacing: spacing)
  }

  private func read(_ level: StoredImage.Level, _ box: Box? = nil) throws -> VoxelBuffer<UInt16> {
    try level.source.read(box ?? level.source.extent.box, as: UInt16.self)
  }

  /// The voxels of a plane, counted over channels.
  private func plane(_ number: Int) -> [UInt16] { Array(Self.voxels.elements[number * 34 * 47..<(number + 1) * 34 * 47]) }

  @Test(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) func setsOfTifffileAreReadVoxelByVoxel() throws {
    try withTemporaryFolder { folder in
      let made = try runInteropScript("write_tiff_sets.py", [folder.path])
      try #require(made.status == 0, "\(made.output)")
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let inner = Box(lower: [1, 2, 10, 20], upper: [2, 5, 30, 47])
      for (name, axes, spacing, files) in [
        ("pyramid.ome.tif", "czyx", [2, 0.65, 0.65], nil), ("set_c0.ome.tif", "czyx", [2, 0.65, 0.65], 2),
        ("set_c1.ome.tif", "czyx", [2, 0.65, 0.65], 2), ("companion/p00.ome.tif", "czyx", [2, 0.65, 0.65], 10),
        ("companion/p13.ome.tif", "czyx", [2, 0.65, 0.65], 10), ("companion2/c1.ome.tif", "czyx", [2, 0.65, 0.65], 3),
        ("companion", "czyx", [2, 0.65, 0.65], 10), ("tagged", "czyx", [1, 1, 1], 10), ("stacks", "czyx", [2, 0.65, 0.65], 2),
        ("tagged/z*_ch*.tiff", "czyx", [1, 1, 1], 10),
      ] as [(String, String, [Double], Int?)] {
        let image = try opened(path(name))
        #expect(image.axes.map(\.name).joined() == axes && image.files?.count == files, "\(name): \(image.axes) \(image.files ?? [])")
        let found = image.levels[0].space.spacing
        #expect(zip(found, spacing).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name): \(found)")
        try #require(image.levels[0].source.extent == Self.extent, "\(name)")
        #expect(try read(image.levels[0]) == Self.voxels, "\(name)")
        #expect(try read(image.levels[0], inner) == Self.voxels.cropped(to: inner), "\(name)")
      }
      let planes = try opened(path("planes"), spacing: [3, 2, 1])
      #expect(planes.axes.map(\.name) == ["z", "y", "x"] && planes.levels[0].space.spacing == [3, 2, 1])
      #expect(try read(planes.levels[0]).elements == Array(Self.voxels.elements.prefix(5 * 34 * 47)))
      let times = try opened(path("planes"), axes: "tyx")
      #expect(times.timeCount == 5 && times.axes.map(\.name) == ["t", "y", "x"])
      // A file's own planes may be called otherwise, too; other files tell their axes.
      let named = try ImageFile.open(path: path("stacks/C=0.tif"), axes: "t,y,x")
      #expect(named.timeCount == 5 && named.levels[0].space.rank == 2)
      let wrong = #expect(throws: ImageFileError.self) { try ImageFile.open(path: path("stacks/C=0.tif"), axes: "yx") }
      #expect(wrong?.message.contains("has the axes zyx, and --axes yx") == true, "\(wrong?.message ?? "")")
      // Whatever the order of pages.
      let swapped = try opened(path("xyczt.ome.tif"))
      #expect(swapped.axes.map(\.name).joined() == "zcyx")
      #expect(try read(swapped.levels[0], Box(lower: [3, 1, 0, 0], upper: [4, 2, 34, 47])).elements == plane(8))
      let timed = try opened(path("times.ome.tif"))
      #expect(timed.axes.map(\.name).joined() == "tzyx" && timed.timeCount == 3)
      #expect(try read(timed.levels[0]).elements == (0..<9).flatMap(plane))
      // One of two channels by its pattern.
      let second = try opened(path("tagged/*_ch1.tiff"))
      #expect(try read(second.levels[0]).elements == Array(Self.voxels.elements.suffix(5 * 34 * 47)))

      let pyramid = try opened(path("pyramid.ome.tif")).levels
      #expect(pyramid.map(\.source.extent.lengths) == [Self.extent.lengths, [2, 5, 17, 24], [2, 5, 8, 12]])
      for (number, level) in pyramid.enumerated() {
        #expect(try read(level) == patternVoxels(level.source.extent, seed: 70 + number, as: UInt16.self))
      }
      // Half a pixel for each halving.
      #expect(
        pyramid[1].space.spacing == [2, 1.3, 1.3] && zip(pyramid[1].space.origin, [0, 0.325, 0.325]).allSatisfy { abs($0 - $1) < 1e-9 })
      #expect(
        pyramid[2].space.spacing == [2, 2.6, 2.6] && zip(pyramid[2].space.origin, [0, 0.975, 0.975]).allSatisfy { abs($0 - $1) < 1e-9 })

      // A file of a set that was moved away, and one that is alone under another name.
      let files = FileManager.default
      try files.moveItem(atPath: path("set_c1.ome.tif"), toPath: path("other.ome.tif"))
      let error = #expect(throws: ImageFileError.self) { try opened(path("set_c0.ome.tif")) }
      #expect(error?.message.contains("set_c1.ome.tif of the set does not exist") == true, "\(error?.message ?? "")")
      try files.moveItem(atPath: path("pyramid.ome.tif"), toPath: path("renamed.ome.tif"))
      #expect(try read(try opened(path("renamed.ome.tif")).levels[0]) == Self.voxels)
    }
  }

  /// OME-XML that contradicts the files is told; damaged in any way it is read or refused.
  @Test(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) func damagedOMEXMLIsReadOrRefused() throws {
    try withTemporaryFolder { folder in
      let made = try runInteropScript("write_tiff_sets.py", [folder.path])
      try #require(made.status == 0, "\(made.output)")
      let url = folder.appendingPathComponent("set_c0.ome.tif")
      let whole = try Data(contentsOf: url)
      let xml =
        try #require(whole.range(of: Data("<?xml".utf8))).lowerBound..<(try #require(whole.range(of: Data("</ome:OME>".utf8))).upperBound)
      /// The file with other OME-XML, as long as before.
      func put(_ text: Data) throws {
        var bytes = whole
        let cut = text.prefix(xml.count)
        bytes.replaceSubrange(xml, with: cut + Data(repeating: 0x20, count: xml.count - cut.count))
        try bytes.write(to: url)
      }
      let text = String(decoding: whole[xml], as: UTF8.self)
      for (old, new, part) in [
        ("IFD=\"4\"", "IFD=\"9\"", "names page 9 of set_c1.ome.tif"), ("IFD=\"4\"", "IFD=\"-1\"", "names page -1"),
        ("IFD=\"4\"", "IFD=\"9223372036854775807\"", "names page 9223372036854775807"),
        ("PlaneCount=\"5\"", "PlaneCount=\"4\"", "no page for the plane at Z 4, C 0, T 0"), ("FirstZ=\"4\"", "FirstZ=\"7\"", "at Z 7"),
        ("SizeZ=\"5\"", "SizeZ=\"6\"", "names 12 planes"), ("SizeZ=\"5\"", "SizeZ=\"9223372036854775807\"", "names far more planes"),
        ("FileName=\"set_c1", "FileName=\"../c1", "outside its folder"),
        ("FileName=\"set_c1", "FileName=\"no_c1", "no_c1.ome.tif of the set"),
        ("SizeX=\"47\"", "SizeX=\"46\"", "SizeX 47, and its OME-XML says 46"), ("\"uint16\"", "\"int16\"", "says int16"),
        ("SizeZ=\"5\"", "SizeZ=\"0\"", "SizeZ is `0`"), ("SizeZ=\"5\"", "", "SizeZ is missing"),
        ("IFD=\"4\"", "IFD=\"99999999999999999999\"", "names page -1"),
        ("</ome:Pixels>", "<ome:Pixels>", "damaged at line"),
        ("</ome:Image>", "</ome:Image><ome:Image><ome:Pixels/></ome:Image>", "2 images"),
      ] {
        // What is left out makes room.
        let changed = text.replacing("<!-- a comment with <Pixels SizeZ=\"9\"> in it -->", with: "").replacing(
          old, with: new, maxReplacements: 1)
        try put(Data(changed.utf8))
        let error = #expect(throws: ImageFileError.self, "\(new)") { try opened(url.path) }
        #expect(error?.message.contains(part) == true && error?.hint != nil, "\(new): \(error?.message ?? "")")
      }
      var mutator = Mutator(seed: 23)
      for _ in 0..<mutationCount(full: 5000) {
        try put(Data(mutator.mutated([UInt8](whole[xml]))))
        do {
          let source = try opened(url.path).levels[0].source
          _ = try source.read(
            Box(lower: source.extent.lengths.map { _ in 0 }, upper: source.extent.lengths.map { min($0, 3) }), as: Float.self)
        } catch is ImageFileError {}
      }
    }
  }

  /// A folder with planes of 6×7 pixels under these names, each of the value of its place in the list.
  private func withPlanes(_ names: [String], _ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      for (number, name) in names.enumerated() {
        let plane = VoxelBuffer<UInt8>(extent: [6, 7], repeating: UInt8(number))
        try ImageFile.write(
          LazyVolume(source: ArraySource(plane), space: PhysicalSpace(spacing: [1, 1]), name: name),
          to: folder.appendingPathComponent(name).path)
      }
      try body(folder.path)
    }
  }

  private func order(_ path: String, axes: String? = nil) throws -> (axes: String, values: [UInt16]) {
    let image = try ImageFile.openSequence(path, axes: axes)
    let source = image.levels[0].source
    let all = try source.read(source.extent.box, as: UInt16.self).elements
    return (image.axes.map(\.name).joined() + source.extent.description, stride(from: 0, to: all.count, by: 42).map { all[$0] })
  }

  @Test(
    arguments: [
      // As numbers, not as text.
      (["a9.tif", "a10.tif", "a11.tif"], nil, "zyx3×6×7", [0, 1, 2]),
      // What does not change is no axis.
      (["x5_b2_v1.tif", "x5_b4_v1.tif", "x5_b6_v1.tif"], nil, "zyx3×6×7", [0, 1, 2]),
      (["time_0.tif", "time_1.tif"], nil, "tyx2×6×7", [0, 1]),
      (["img_w405.tif", "img_w488.tif", "img_w561.tif"], nil, "cyx3×6×7", [0, 1, 2]),
      (["z1t1.tif", "z1t2.tif", "z2t1.tif", "z2t2.tif"], nil, "tzyx2×2×6×7", [0, 2, 1, 3]),
      (["1-1.tif", "1-2.tif", "2-1.tif", "2-2.tif"], "ztyx", "tzyx2×2×6×7", [0, 2, 1, 3]),
      (["a1.tif", "a2.tif"], "cyx", "cyx2×6×7", [0, 1]),
    ] as [([String], String?, String, [UInt16])])
  func numbersTellTheOrder(names: [String], axes: String?, expected: String, values: [UInt16]) throws {
    try withPlanes(names) { folder in
      let found = try order(folder, axes: axes)
      #expect(found.axes == expected && found.values == values, "\(found)")
    }
  }

  @Test(
    arguments: [
      (["a1.tif", "a2.tif", "a4.tif"], nil, "from 2 to 4"), (["a1.tif", "a2.tif", "b1.tif"], nil, "2 series"),
      (["a1.tif", "a01.tif", "a2.tif"], nil, "two files of one number"), (["a1.tif", "a3.tif", "a4.tif"], nil, "from 1 to 3"),
      (["1-1.tif", "1-2.tif", "2-1.tif", "2-2.tif"], nil, "does not tell what they count"),
      (["z1t1.tif", "z1t2.tif", "z2t1.tif"], nil, "lacks the file at t 2, z 2"), (["a1.tif", "a2.tif"], "yx", "--axes yx"),
      (["a1.tif", "a2.tif"], "czyx", "1 number"), (["a1.tif", "a99999999999999999999.tif"], nil, "2 series"),
      (["x_1_1.tif", "1_x_1.tif"], nil, "2 series"),
    ] as [([String], String?, String)])
  func whatIsNoImageOfNumberedFilesIsTold(names: [String], axes: String?, part: String) throws {
    try withPlanes(names) { folder in
      let error = #expect(throws: ImageFileError.self) { try ImageFile.openSequence(folder, axes: axes) }
      #expect(error?.message.contains(part) == true && error?.hint != nil, "\(error?.message ?? "")")
      #expect(error?.message.contains(folder) == true)
    }
  }

  @Test func planesOfOtherFormatsAreNamed() throws {
    try withPlanes(["a1.tif", "a2.tif"]) { folder in
      func add(_ extent: Extent, _ name: String) throws {
        try ImageFile.write(
          LazyVolume(
            source: ArraySource(VoxelBuffer<UInt8>(extent: extent)), space: PhysicalSpace(spacing: extent.lengths.map { _ in 1 }),
            name: name),
          to: folder + "/" + name)
      }
      func message() -> String { #expect(throws: ImageFileError.self) { try ImageFile.openSequence(folder) }?.message ?? "" }
      try add([6, 8], "a3.tif")
      #expect(message().contains("a3.tif holds planes of 6×8 of uint8") && message().contains("6×7"), "\(message())")
      try add([2, 6, 7], "a3.tif")
      #expect(message().contains("a3.tif has 2 planes"), "\(message())")
      try Data("II".utf8).write(to: URL(fileURLWithPath: folder + "/a3.tif"))
      #expect(message().contains("a3.tif"), "\(message())")
    }
  }
}
