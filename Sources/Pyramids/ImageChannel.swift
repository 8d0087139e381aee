// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation

/// How viewers show one channel: the `omero` metadata of OME-NGFF.
public struct ImageChannel: Sendable, Hashable {
  /// The name; empty where there is none.
  public var label: String
  /// Six hexadecimal digits, as `00FF00`.
  public var color: String
  /// The range of values that the image can hold.
  public var limits: ClosedRange<Double>
  /// The range of values shown from black to full colour.
  public var window: ClosedRange<Double>

  /// How one channel is shown.
  public init(label: String = "", color: String = "FFFFFF", limits: ClosedRange<Double>, window: ClosedRange<Double>) {
    self.label = label
    self.color = color
    self.limits = limits
    self.window = window
  }

  /// Reads what there is; `nil` where the numbers are missing or the wrong way round.
  init?(_ json: JSON) {
    guard let window = json["window"], let start = window["start"]?.number, let end = window["end"]?.number, start <= end else {
      return nil
    }
    let (low, high) = (window["min"]?.number ?? start, window["max"]?.number ?? end)
    self.init(
      label: json["label"]?.text ?? "", color: json["color"]?.text ?? "FFFFFF", limits: min(low, high)...max(low, high), window: start...end
    )
  }

  var json: JSON {
    [
      "active": true,
      "color": .string(color),
      "label": .string(label),
      "window": [
        "min": .real(limits.lowerBound), "max": .real(limits.upperBound), "start": .real(window.lowerBound),
        "end": .real(window.upperBound),
      ],
    ]
  }
}
