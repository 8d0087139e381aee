// SPDX-License-Identifier: Apache-2.0

/// From what to what a metric goes in the colours of a report.
package struct MetricScale {
  let low: Double
  let high: Double

  /// - Parameter values: those that are shown. Where all lie about between 0 and 1, as correlations do, so does the scale.
  package init(_ values: [Double]) {
    let (least, most) = (values.min() ?? 0, values.max() ?? 1)
    if least >= -0.1, most <= 1, most > 0.3 {
      (low, high) = (0, 1)
    } else {
      (low, high) = most > least ? (least, most) : (least - 0.5, least + 0.5)
    }
  }

  /// From 0 to 1.
  func place(_ value: Double) -> Double { min(max((value - low) / (high - low), 0), 1) }

  /// The bar that explains the colours.
  func legend(_ name: String) -> HTML {
    ColourBar(name: name, gradient: Palette.magnitude.gradient, labels: [low, (low + high) / 2, high].map { NumberFormat.short($0) }).html
  }
}
