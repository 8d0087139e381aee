// SPDX-License-Identifier: Apache-2.0

import Foundation
import Pipelines
import Pyramids
import TestSupport
import Testing
import Viewing

/// What is found in a folder.
struct ViewedFolderTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error.localizedDescription) | \((error as? any LocalizedError)?.recoverySuggestion ?? "")" }
  }

  @Test func aLabelImageLiesOnWhatItWasMadeOf() throws {
    try ViewedPair.with { pair in
      try pair.writeImage("out/labels.ome.zarr", isLabels: true)
      try pair.write(
        "out/labels.run.json",
        #"{"command": "segment", "image": {"path": "\#(pair.fixed)"}, "output": "\#(pair.out)/labels.ome.zarr"}"#)
      let viewed = try ViewedFolder(pair.out + "/labels.ome.zarr")
      #expect(viewed.layers.map(\.name) == ["brain", "labels"] && viewed.layers.map(\.role) == [.image, .labels])
      #expect(viewed.layers[0].isOutside && viewed.layers[1].names == [])
      // The folder of a segmentation, moved with all that is in it.
      let moved = pair.folder.path + "/moved"
      try FileManager.default.createDirectory(atPath: moved, withIntermediateDirectories: false)
      try FileManager.default.moveItem(atPath: pair.out + "/labels.ome.zarr", toPath: moved + "/labels.ome.zarr")
      try FileManager.default.moveItem(atPath: pair.out + "/labels.run.json", toPath: moved + "/run.json")
      #expect(try ViewedFolder(moved).layers.map(\.path) == [pair.fixed, moved + "/labels.ome.zarr"])
    }
  }

  @Test func labelsInAnImageAreFound() throws {
    try ViewedPair.with { pair in
      try pair.writeImage("in/brain.ome.zarr/labels/cells", isLabels: true)
      try LabelGroup(of: pair.fixed).add("cells")
      #expect(try ViewedFolder(pair.fixed).layers.map(\.names) == [[], ["labels", "cells"]])
      let viewed = try ViewedFolder(pair.out)
      #expect(viewed.layers.map(\.name) == ["fixed", "registered", "cells"])
      #expect(viewed.layers.map(\.isOutside) == [true, false, true])
    }
  }

  @Test func anyFolderOfImagesIsShown() throws {
    try ViewedPair.with { pair in
      try pair.writeImage("in/alpha.ome.zarr")
      try pair.writeImage("in/cells.ome.zarr", isLabels: true)
      try pair.write("in/run.json", "no record")
      let viewed = try ViewedFolder(pair.folder.path + "/in")
      #expect(viewed.layers.map(\.name) == ["alpha", "brain", "cells"] && viewed.layers.allSatisfy { !$0.isOutside })
      try viewed.requireWhole()
    }
  }

  @Test func aLinkToAnImageElsewhereIsServedBesides() throws {
    try ViewedPair.with { pair in
      let folder = pair.folder.path + "/links"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      try FileManager.default.createSymbolicLink(atPath: folder + "/brain.zarr", withDestinationPath: pair.fixed)
      let layer = try #require(try ViewedFolder(folder).layers.first)
      #expect(layer.isOutside && layer.names == ["inputs", "brain", "brain.zarr"])
    }
  }

  /// A record that somebody else has written must not open one's own folders.
  @Test func nothingButImagesIsServedBesides() throws {
    try ViewedPair.with { pair in
      try FileManager.default.createDirectory(atPath: pair.folder.path + "/private", withIntermediateDirectories: false)
      try pair.write("out/run.json", #"{"command": "register", "fixed": {"path": "\#(pair.folder.path)/private"}}"#)
      #expect(try ViewedFolder(pair.out).layers.allSatisfy { !$0.isOutside })
    }
  }

  @Test func whatIsNotThereIsNamed() throws {
    try ViewedPair.with { pair in
      let nothing = pair.folder.path + "/nothing"
      #expect(message { _ = try ViewedFolder(nothing) }.hasPrefix("\(nothing) does not exist | give"))
      #expect(message { _ = try ViewedFolder(pair.out, image: nothing) }.hasPrefix("--image \(nothing) does not exist"))
      #expect(message { _ = try ViewedFolder(pair.out, labels: [nothing]) }.hasPrefix("--labels \(nothing) does not exist"))
      #expect(message { _ = try ViewedFolder(pair.out + "/run.json") }.contains("is a file"))
      try FileManager.default.removeItem(atPath: pair.fixed)
      let viewed = try ViewedFolder(pair.out)
      #expect(viewed.missing == [pair.fixed] && viewed.layers.map(\.name) == ["registered"])
      #expect(message { try viewed.requireWhole() }.hasPrefix("\(pair.fixed), which the record of the run names, is not there any more | "))
      #expect(message { try ViewedFolder(pair.folder.path + "/in").requireWhole() }.contains("holds no OME-Zarr image"))
    }
  }

  /// `weft serve` and `weft view` look into folders alike: what one shows the other serves.
  @Test func whatIsNamedAndCannotBeShownIsRefusedBeforeItIsServed() throws {
    try ViewedPair.with { pair in
      try pair.write("in/a.tif", "no image")
      try FileManager.default.createDirectory(atPath: pair.folder.path + "/in/folder", withIntermediateDirectories: false)
      for name in ["a.tif", "folder"] {
        let path = pair.folder.path + "/in/" + name
        #expect(message { _ = try ViewedFolder(pair.out, labels: [path]) }.contains(path))
        #expect(message { _ = try ViewedFolder(pair.out, image: path) }.contains(path))
      }
      #expect(try ViewedFolder(pair.folder.path + "/in/folder").whyNotShown?.contains("holds no OME-Zarr image") == true)
      #expect(try ViewedFolder(pair.out).whyNotShown == nil)
    }
  }
}
