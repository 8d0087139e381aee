// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
internal import Transforms
internal import Volumes

/// Inputs, parameters, versions, and where to find what.
struct RunSection {
  let contents: ReportContents

  var html: HTML {
    let run = contents.run
    let lattices = contents.transforms.map { [($0.transform.fixedSpace, "fixed"), ($0.movingSpace, "moving")] } ?? []
    func space(_ name: String) -> PhysicalSpace? { lattices.first { $0.1 == name }?.0 }
    return """
      <div class="columns">\(input("Fixed image", run.fixed, space("fixed")))\(input("Moving image", run.moving, space("moving")))</div>
      <details open><summary>Parameters</summary><dl class="facts">\(parameters)</dl></details>
      <p class="note">Made by Weft \(run.weft). Everything above is also in <code>run.json</code>, <code>blocks.csv</code> and \
      <code>timings.csv</code> beside this page, and in <code>report.json</code> for programs; what each number means: <code>Docs/Guides/report.md</code> of Weft.</p>
      """
  }

  private func input(_ title: String, _ input: RecordedRun.Input, _ space: PhysicalSpace?) -> HTML {
    var rows: [(String, String)] = [("Path", input.shownPath), ("Format", input.format)]
    let names = input.axes.map(String.init).joined(separator: ", ")
    rows.append(("Voxels", "\(NumberFormat.lengths(input.extent)) (\(names)), \(input.voxelType)"))
    if let channel = input.channel { rows.append(("Channel registered", String(channel))) }
    if let space {
      let spacing = space.spacing.suffix(contents.rank)
      let unit = space.unit.map { " " + ScaleBar.symbol($0) } ?? ", no unit given"
      rows.append(("Spacing", spacing.map { NumberFormat.short($0, significant: 5) }.joined(separator: " × ") + unit))
      let axes = Array(input.axes)
      let spatial = ["z", "y", "x"].compactMap { name in axes.firstIndex { String($0).lowercased() == name }.map { input.extent[$0] } }
      if spatial.count == contents.rank, space.unit != nil {
        let size = zip(spatial, spacing).map { ScaleBar.text(Double($0) * $1, space.unit) }
        rows.append(("Size", size.joined(separator: " × ")))
      }
    }
    let items: [HTML] = rows.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }
    return "<div><h3>\(title)</h3><dl class=\"facts\">\(items)</dl></div>"
  }

  /// Everything of the record that is told nowhere else on the page.
  private var parameters: [HTML] {
    let told: Set<String> = ["fixed", "moving", "coarse", "map", "blocks", "coarserLevels", "command"]
    let members = contents.run.json.members ?? [:]
    return members.filter { !told.contains($0.key) && $0.value != .null }.sorted { $0.key < $1.key }.map { name, value in
      "<div><dt>\(Self.words(name))</dt><dd>\(Self.text(value))</dd></div>"
    }
  }

  /// `chunkSize` as `chunk size`.
  static func words(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? " " + $1.lowercased() : String($1) }
  }

  private static func text(_ value: JSON) -> String {
    switch value {
    case .null: ""
    case .boolean(let value): value ? "yes" : "no"
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .real(let value): NumberFormat.short(value, significant: 6)
    case .string(let value): value
    case .array(let values):
      values.allSatisfy { $0.whole != nil } ? NumberFormat.lengths(values.compactMap(\.whole)) : values.map(text).joined(separator: ", ")
    case .object(let members):
      members.sorted { $0.key < $1.key }.map { "\(words($0.key)) \(text($0.value))" }.joined(separator: ", ")
    }
  }
}
