// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Viewing
import Volumes

/// The state of Neuroglancer for a result.
struct NeuroglancerStateTests {
  private func layers(_ json: [String: Any]) -> [[String: Any]] { json["layers"] as? [[String: Any]] ?? [] }

  @Test func aRegistrationIsItsFixedAndItsRegisteredImage() throws {
    try ViewedPair.with { pair in
      let (state, json) = try pair.state()
      #expect(state.omissions.isEmpty)
      let layers = layers(json)
      #expect(layers.map { $0["name"] as? String } == ["fixed", "registered"])
      #expect(
        layers.map { $0["source"] as? String } == [
          "zarr://http://127.0.0.1:8080/inputs/fixed/brain.ome.zarr/", "zarr://http://127.0.0.1:8080/registered.ome.zarr/",
        ])
      #expect(layers.allSatisfy { $0["type"] as? String == "image" && $0["blend"] as? String == "additive" })
      let shaders = layers.map { $0["shader"] as? String ?? "" }
      #expect(shaders[0].contains("#ff00ff") && shaders[1].contains("#00ff00"))
      // Intensities go from 0 to 39 evenly: the percentiles 1 and 99.8.
      let contrast = ((layers[0]["shaderControls"] as? [String: Any])?["contrast"] as? [String: Any])?["range"] as? [Double]
      #expect(contrast == [0, 39])
      // A layer has no member that Neuroglancer does not know.
      let known: Set = [
        "name", "type", "source", "blend", "opacity", "shader", "shaderControls", "localDimensions", "localPosition",
      ]
      #expect(layers.allSatisfy { Set($0.keys).isSubset(of: known) })
      #expect(
        Set(json.keys) == [
          "dimensions", "position", "crossSectionScale", "projectionScale", "crossSectionBackgroundColor", "layers", "layout",
        ])
    }
  }

  @Test func dimensionsAreMetresInTheOrderXYZ() throws {
    try ViewedPair.with { pair in
      let (state, json) = try pair.state()
      let dimensions = json["dimensions"] as? [String: [Any]] ?? [:]
      for (name, metres) in [("x", 0.25e-6), ("y", 0.5e-6), ("z", 2e-6)] {
        #expect(abs((dimensions[name]?[0] as? Double ?? 0) / metres - 1) < 1e-9 && dimensions[name]?[1] as? String == "m")
      }
      // Neuroglancer takes the order of the text.
      #expect(state.text.contains(#""dimensions":{"x":["#))
      // The middle, in voxels from the world's origin: the origin of the image, and half of its voxels.
      #expect(json["position"] as? [Double] == [120 + 20, 40 + 15, 5 + 10])
      #expect(json["layout"] as? String == "4panel")
    }
  }

  @Test func anImageOfTwoDimensionsWithoutUnitHasTwo() throws {
    try ViewedPair.with { pair in
      try pair.writeImage("flat.ome.zarr", extent: [30, 40], space: PhysicalSpace(spacing: [3, 2]))
      let (_, json) = try pair.state("flat.ome.zarr")
      let dimensions = json["dimensions"] as? [String: [Any]] ?? [:]
      #expect(dimensions.keys.sorted() == ["x", "y"] && dimensions["x"]?[0] as? Double == 2 && dimensions["x"]?[1] as? String == "")
      #expect(json["layout"] as? String == "xy" && json["position"] as? [Double] == [20, 15])
      #expect(layers(json).map { $0["source"] as? String } == ["zarr://http://127.0.0.1:8080/"])
    }
  }

  @Test func theChannelThatWasRegisteredIsShown() throws {
    try ViewedPair.with { pair in
      try pair.writeImage("in/channels.ome.zarr", channels: 3)
      try pair.write(
        "out/run.json", #"{"command": "register", "fixed": {"path": "\#(pair.folder.path)/in/channels.ome.zarr", "channel": 2}}"#)
      let layer = layers(try pair.state().json)[0]
      #expect((layer["localDimensions"] as? [String: [Any]])?["c'"]?[0] as? Int == 1 && layer["localPosition"] as? [Int] == [2])
      #expect(((layer["shaderControls"] as? [String: Any])?["contrast"] as? [String: Any])?["range"] as? [Double] == [200, 239])
    }
  }

  @Test func labelsAreASegmentationOnTop() throws {
    try ViewedPair.with { pair in
      try pair.writeImage("out/cells.ome.zarr", isLabels: true)
      try pair.writeImage("in/more.ome.zarr", isLabels: true)
      let (_, json) = try pair.state(labels: [pair.folder.path + "/in/more.ome.zarr"])
      let found = layers(json)
      #expect(found.map { $0["name"] as? String } == ["fixed", "registered", "cells", "more"])
      #expect(found.map { $0["type"] as? String } == ["image", "image", "segmentation", "segmentation"])
      #expect(found[3]["source"] as? String == "zarr://http://127.0.0.1:8080/inputs/more/more.ome.zarr/")
      #expect(found[2]["shader"] == nil)
    }
  }

  @Test func theAddressHoldsTheStateAndNothingElse() throws {
    try ViewedPair.with { pair in
      let (state, _) = try pair.state()
      let address = state.address()
      let parts = address.components(separatedBy: "/#!")
      #expect(parts.count == 2 && parts[0] == "https://neuroglancer-demo.appspot.com")
      #expect(parts[1].removingPercentEncoding == state.text)
      let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
      #expect(parts[1].allSatisfy(plain.contains))
      #expect(URL(string: address) != nil)
    }
  }

  @Test func whatViewersDoNotReadIsLeftOutWithTheWayToMendIt() throws {
    try ViewedPair.with { pair in
      try pair.write("in/brain.nii", "no image")
      try pair.write("out/run.json", #"{"command": "register", "fixed": {"path": "\#(pair.folder.path)/in/brain.nii"}}"#)
      let (state, json) = try pair.state()
      #expect(layers(json).map { $0["name"] as? String } == ["registered"])
      #expect(state.omissions.count == 1 && state.omissions[0].hasPrefix("fixed is left out"))
      let mended = try pair.state(image: pair.fixed)
      #expect(mended.state.omissions.isEmpty && layers(mended.json).count == 2)
    }
  }

  @Test func imagesOfOtherVoxelsAreToldOf() throws {
    try ViewedPair.with { pair in
      try pair.writeImage("other.ome.zarr", space: PhysicalSpace(spacing: [1, 1, 1], unit: .micrometer))
      let (state, json) = try pair.state(image: pair.folder.path + "/other.ome.zarr")
      #expect(layers(json).count == 2 && state.omissions.count == 1 && state.omissions[0].contains("convert --spacing"))
    }
  }

  @Test func aPlaneIsNotShownOnAVolume() throws {
    try ViewedPair.with { pair in
      let flat = pair.folder.path + "/flat.ome.zarr"
      try pair.writeImage("flat.ome.zarr", extent: [30, 40], space: PhysicalSpace(spacing: [0.5, 0.25], unit: .micrometer))
      for body in [{ _ = try pair.state(image: flat) }, { _ = try pair.state(labels: [flat]) }] {
        let error = #expect(throws: PipelineError.self) { try body() }
        #expect(error?.message.contains("\(flat) is 2D") == true)
      }
      // One that lies in the folder by itself is left out.
      try pair.writeImage("out/plane.ome.zarr", extent: [30, 40], space: PhysicalSpace(spacing: [0.5, 0.25]), isLabels: true)
      let (state, json) = try pair.state()
      #expect(layers(json).map { $0["name"] as? String } == ["fixed", "registered"])
      #expect(state.omissions.count == 1 && state.omissions[0].contains("plane is left out") && state.omissions[0].contains("is 2D"))
    }
  }
}
