// SPDX-License-Identifier: Apache-2.0

/// What is done to patches, in the only order that is right: voxels find their places, then values change, then targets are made.
public struct Augmentation: Hashable, Sendable {
  /// One thing for all, or another for some names.
  public struct ByName<Value: Hashable & Sendable>: Hashable, Sendable {
    /// For every name that has none of its own.
    public var others: Value
    /// For some.
    public var named: [String: Value]

    public init(_ others: Value, named: [String: Value] = [:]) { (self.others, self.named) = (others, named) }

    /// What is for a name.
    public subscript(name: String) -> Value { named[name] ?? others }
  }

  /// Moves the voxels of all arrays alike; one after the other, all in one reading and one interpolation.
  public var places: [SpatialTransform]
  /// Change the values of inputs, by their names.
  public var inputs: ByName<[ValueTransform]>
  /// Change the labels, by class.
  public var labels: ByName<[ValueTransform]>
  /// Makes targets of the labels, by class.
  public var targets: ByName<TargetTransform>

  /// Without any: inputs as they are read, labels as 0 and 1 (NaN where they are not known).
  public init(
    places: [SpatialTransform] = [], inputs: ByName<[ValueTransform]> = .init([]),
    labels: ByName<[ValueTransform]> = .init([.binarise(above: 0)]), targets: ByName<TargetTransform> = .init(.labels)
  ) {
    (self.places, self.inputs, self.labels, self.targets) = (places, inputs, labels, targets)
  }
}
