// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Pipelines
internal import Reports
internal import Serving
internal import Volumes

/// A view for Neuroglancer, the viewer of large volumes in browsers: its JSON state.
/// https://github.com/google/neuroglancer/blob/master/python/neuroglancer/viewer_state.py names its members.
///
/// Where images lie is read by Neuroglancer from the files themselves: their axes, spacings and origins. Dimensions are x, y, z, in metres where
/// the image names a unit; the fixed image is magenta, the registered one green, black the 1st and full colour the 99.8th percentile; labels
/// are a segmentation.
public struct NeuroglancerState: Encodable, Sendable {
  private let json: JSON
  /// Images that are left out, and why, with what to do about it.
  public let omissions: [String]
  /// The images that are shown, from below to the top, with how each is shown.
  public let layers: [(layer: ViewedLayer, legend: String)]

  /// Opens the images of a folder, and reads at most a million voxels of each.
  ///
  /// - Parameter address: that of `weft serve`, without a slash at its end.
  /// - Throws: `PipelineError` where no image can be shown, or one that an option names cannot; `CancellationError`.
  public init(_ folder: ViewedFolder, at address: String) throws {
    var opened: [(layer: ViewedLayer, image: OpenedLayer)] = []
    var omissions: [String] = []
    for layer in folder.layers {
      do {
        let image = try OpenedLayer(layer)
        if let first = opened.first, first.image.space.rank != image.space.rank {
          let error = PipelineError(
            "\(layer.path) is \(image.space.rank)D and \(first.layer.path) is \(first.image.space.rank)D: they do not lie on each other",
            hint: "look at each by itself, as by `weft view \(layer.path)`")
          if first.layer.isNamed { throw Refusal(error: error) }
          throw error
        }
        if let first = opened.first, !image.hasSameSpacing(as: first.image) {
          omissions.append(
            "\(layer.path) is shown with voxels of \(image.space.spacing), and \(first.layer.path) with \(first.image.space.spacing), as their files "
              + "have it: they will not lie on each other where one of these is wrong (`weft convert --spacing` corrects it)")
        }
        opened.append((layer, image))
      } catch let error as CancellationError { throw error } catch let refusal as Refusal { throw refusal.error } catch {
        // What was asked for by name is shown or refused.
        if layer.isNamed { throw error }
        let hint = (error as? any LocalizedError)?.recoverySuggestion.map { ": \($0)" } ?? ""
        omissions.append("\(layer.name) is left out: \(error.localizedDescription)\(hint)")
      }
    }
    guard let first = opened.first else {
      throw PipelineError("nothing in \(folder.path) can be shown", hint: omissions.first)
    }
    self.omissions = omissions
    layers = opened.map { ($0.layer, Self.legend($0.layer, $0.image)) }
    json = Self.state(first.image, opened.map { Self.layer($0.layer, $0.image, address) })
  }

  /// An image that does not lie on one that an option names.
  private struct Refusal: Error { let error: PipelineError }

  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

  /// The state as compact JSON, keys sorted.
  public var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Holds no number that JSON lacks.
    return String(decoding: try! encoder.encode(json), as: UTF8.self)
  }

  /// The address that opens this view.
  ///
  /// - Parameter viewer: that of Neuroglancer itself.
  public func address(in viewer: String = "https://neuroglancer-demo.appspot.com") -> String { viewer + "/#!" + AddressText.encoded(text) }

  /// How the whole begins: the middle of the first image, all of it in sight.
  private static func state(_ image: OpenedLayer, _ layers: [JSON]) -> JSON {
    let order = image.axes.indices.sorted { image.axes[$0] < image.axes[$1] }
    let spacing = image.space.spacing
    let unit = image.space.unit
    var dimensions: [String: JSON] = [:]
    for axis in order { dimensions[image.axes[axis]] = [.real(spacing[axis] * (unit?.meters ?? 1)), .string(unit == nil ? "" : "m")] }
    let middle = order.map { JSON.real(image.space.origin[$0] / spacing[$0] + Double(image.extent[$0]) / 2) }
    // In the smallest voxels: a panel is some 350 pixels high.
    let longest = (order.map { spacing[$0] * Double(image.extent[$0]) }.max() ?? 1) / (spacing.min() ?? 1)
    return [
      "dimensions": .object(dimensions), "position": .array(middle), "crossSectionScale": .real(longest / 350),
      "projectionScale": .real(longest * 1.5),
      "crossSectionBackgroundColor": "#000000", "layers": .array(layers), "layout": .string(order.count == 2 ? "xy" : "4panel"),
    ]
  }

  private static func layer(_ layer: ViewedLayer, _ image: OpenedLayer, _ address: String) -> JSON {
    let place = layer.names.map { address + AddressText.path($0) + "/" } ?? layer.path
    var members: [String: JSON] = ["name": .string(layer.name), "source": .string("zarr://" + place)]
    if layer.role == .labels {
      members["type"] = "segmentation"
    } else {
      members["type"] = "image"
      members["blend"] = "additive"
      members["opacity"] = .real(1)
      members["shader"] = .string(shader(layer))
      if let contrast = image.contrast {
        // A constant image would be divided by nothing.
        let high = contrast.high > contrast.low ? contrast.high : contrast.low + 1
        members["shaderControls"] = ["contrast": ["range": [.real(Double(contrast.low)), .real(Double(high))]]]
      }
    }
    if image.hasChannels {
      // Neuroglancer calls an axis of channels so: one of the layer's own, beside those of the view.
      members["localDimensions"] = ["c'": [.integer(1), ""]]
      members["localPosition"] = [.integer(Int64(layer.channel ?? 0))]
    }
    return .object(members)
  }

  private static func shader(_ layer: ViewedLayer) -> String {
    """
    #uicontrol invlerp contrast
    #uicontrol vec3 colour color(default="\(colour(layer).code)")
    void main() {
      emitRGB(colour * contrast());
    }

    """
  }

  /// Those of registered images in their order, and again from the first.
  private static let registeredColours = [
    ("green", "#00ff00"), ("yellow", "#ffff00"), ("cyan", "#00ffff"), ("orange", "#ff8000"), ("blue", "#0060ff"), ("red", "#ff0000"),
  ]

  private static func colour(_ layer: ViewedLayer) -> (name: String, code: String) {
    switch layer.role {
    case .fixed: ("magenta", "#ff00ff")
    case .registered: registeredColours[layer.number % registeredColours.count]
    case .image, .labels: ("grey", "#ffffff")
    }
  }

  private static func short(_ value: Float) -> String { String(format: "%.6g", Double(value)) }

  private static func legend(_ layer: ViewedLayer, _ image: OpenedLayer) -> String {
    if layer.role == .labels { return "\(layer.path), a colour for each object" }
    let range = image.contrast.map { ", black at \(short($0.low)), full colour at \(short($0.high))" } ?? ""
    return "\(layer.path), \(colour(layer).name)\(range)"
  }
}
