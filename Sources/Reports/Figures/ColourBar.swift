// SPDX-License-Identifier: Apache-2.0

/// What colours mean.
struct ColourBar {
  let name: String
  let gradient: String
  /// From the left end to the right one, evenly spread.
  let labels: [String]

  var html: HTML {
    let marks: [HTML] = labels.map { "<span>\($0)</span>" }
    return """
      <div class="colours"><span class="what">\(name)</span><div class="strip" style="background:\(gradient)"></div>\
      <div class="marks">\(marks)</div></div>
      """
  }
}
