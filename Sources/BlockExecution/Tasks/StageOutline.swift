// SPDX-License-Identifier: Apache-2.0

/// What the plan fixes of a stage: its name, what its results depend on, and how many tasks it has.
public struct StageOutline: Sendable, Hashable, Codable {
  /// Names the stage's folder in the run folder.
  public var name: String
  /// The parameters that act on this stage for the first time. Those of earlier stages act on it too.
  public var parameters: [String: String]
  /// How many tasks; `nil` where that depends on earlier results.
  public var tasks: Int?

  /// A stage of a plan.
  public init(_ name: String, parameters: [String: String] = [:], tasks: Int?) {
    self.name = name
    self.parameters = parameters
    self.tasks = tasks
  }
}

extension [StageOutline] {
  /// All parameters that the results of a stage depend on: its own and those of the stages before it.
  func parameters(upTo name: String) -> [String: String] {
    var all: [String: String] = [:]
    for outline in self {
      all.merge(outline.parameters) { _, new in new }
      if outline.name == name { break }
    }
    return all
  }

  /// Tells the results of a whole run from those of others.
  package var key: String { last.map { key(of: $0.name) } ?? "" }

  /// A digest of `parameters(upTo:)`: results with another key are results of another run.
  package func key(of name: String) -> String {
    var digest = Digest()
    for (key, value) in parameters(upTo: name).sorted(by: { $0.key < $1.key }) {
      for text in [key, value] {
        digest.add(text.utf8)
        digest.add(CollectionOfOne(0))
      }
    }
    return digest.description
  }
}
