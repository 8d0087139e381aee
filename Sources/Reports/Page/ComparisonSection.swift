// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Pipelines
internal import Volumes

/// The whole, before and after, with switches between the pictures. Without a script, and in print, all of them are shown.
struct ComparisonSection {
  let contents: ReportContents
  let set: PictureSet
  let levels: Int

  var html: HTML {
    let stages: [HTML] = set.stages.map { stage in
      let rows: [HTML] = Comparison.allCases.map { kind in
        PlaneRow(
          pictures: set.pictures(stage, kind, of: "The whole region"), unit: contents.unit, isVoxels: contents.isInVoxels,
          kind: kind.rawValue, levels: levels, region: contents.transforms?.fixedExtent
        ).html
      }
      return """
        <div class="stage" data-stage="\(stage.rawValue)"><h3>\(stage.name)</h3><p class="note">\(Self.sentence(stage.explanation)), with the fixed \
        image.</p>\(rows)</div>
        """
    }
    return """
      <p>Planes through the middle of what is bright in the fixed image. In overlays the fixed image is <b class="magenta">magenta</b> and the \
      moving one <b class="green">green</b>; where both are equally bright it is grey to white.\(region)</p>
      <div class="viewer\(set.planes.count == 1 ? " flat" : "")">\(switches)\(stages)</div>
      <p class="note">\(contrast)</p>
      """
  }

  /// Where voxels are counted from, where that is not the file's first one.
  private var region: HTML {
    guard let region = contents.run.region, region.allSatisfy({ $0.count == 2 }) else { return "" }
    let text = region.map { "\($0[0]):\($0[1])" }.joined(separator: ",")
    return " Voxels are counted from the first of the registered region, which is \(text) of the fixed image."
  }

  private var switches: HTML {
    let hasBoth = set.stages.contains(.before) && set.stages.contains(.registered)
    let both: [HTML] = hasBoth ? [option("stage", "both", "Before and after", true)] : []
    let single: [HTML] = set.stages.map { option("stage", $0.rawValue, $0.name, both.isEmpty && $0 == set.stages.last) }
    let kinds: [HTML] = Comparison.allCases.map { option("kind", $0.rawValue, $0.name, $0 == .overlay) }
    return """
      <div class="switches"><fieldset><legend>Moving image</legend>\(both)\(single)</fieldset>\
      <fieldset><legend>Compared as</legend>\(kinds)</fieldset></div>
      """
  }

  private func option(_ name: String, _ value: String, _ label: String, _ isChosen: Bool) -> HTML {
    """
    <label><input type="radio" name="whole-\(name)" value="\(value)"\(HTML(trusted: isChosen ? " checked" : ""))><span>\(label)</span></label>
    """
  }

  private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  private var contrast: String {
    let ranges = ["fixed", "moving"].compactMap { name in
      contents.pictures.contrast[name].map {
        "\(name) \(NumberFormat.short(Double($0.low), significant: 4)) to \(NumberFormat.short(Double($0.high), significant: 4))"
      }
    }
    return
      "From black to full colour: the 1st to the 99.8th percentile of each image (\(ranges.joined(separator: ", "))), the same in all of its "
      + "pictures; the registered image is shown as the moving one."
  }
}
