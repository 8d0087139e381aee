// SPDX-License-Identifier: Apache-2.0

package import Volumes

/// What is known of one class where another is known: voxels that nobody annotated for a class may be known not to be of it, or to be of it.
public struct ClassRelations: Hashable, Sendable {
  /// Groups of which a voxel is of one class at the most: where one is, the others are not.
  public var exclusive: [[String]]
  /// Classes and the classes that are parts of them: where a part is, the whole is; where the whole is not, no part is.
  public var parts: [String: [String]]

  public init(exclusive: [[String]] = [], parts: [String: [String]] = [:]) { (self.exclusive, self.parts) = (exclusive, parts) }

  /// Whether nothing is known.
  var isEmpty: Bool { exclusive.isEmpty && parts.isEmpty }

  /// Fills in, where a class is not known (NaN), what is known of it by others: 1 or 0. What is annotated stays.
  ///
  /// - Parameter labels: one buffer a class.
  package func fill(_ labels: inout [VoxelBuffer<Float>], classes: [String]) {
    let places = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    // Until nothing is new: what follows from one may follow for the next, as from part to whole to what excludes the whole.
    var rules: [(from: Int, isPresent: Bool, to: Int, value: Float)] = []
    for group in exclusive {
      let members = group.compactMap { places[$0] }
      for from in members { rules += members.filter { $0 != from }.map { (from, true, $0, 0) } }
    }
    for (whole, parts) in parts.sorted(by: { $0.key < $1.key }) {
      guard let whole = places[whole] else { continue }
      for part in parts.compactMap({ places[$0] }) { rules += [(part, true, whole, 1), (whole, false, part, 0)] }
    }
    if rules.isEmpty { return }
    var isNew = true
    while isNew {
      isNew = false
      for rule in rules where labels[rule.to].elements.contains(where: \.isNaN) {
        for index in labels[rule.to].elements.indices where labels[rule.to].elements[index].isNaN {
          let known = labels[rule.from].elements[index]
          guard !known.isNaN, (known > 0) == rule.isPresent else { continue }
          labels[rule.to].elements[index] = rule.value
          isNew = true
        }
      }
    }
  }
}
