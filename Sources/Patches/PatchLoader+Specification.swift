// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines

extension PatchSpecification {
  /// Opens the datasets of a part.
  ///
  /// A dataset that cannot be opened is passed over with a warning, and so is one without labels, unless `forceHasData`.
  ///
  /// - Parameter warn: told what is passed over, and why.
  /// - Throws: where none is left; with a single dataset the error is its own.
  public func opened(_ part: DatasetSplit.Part, warn: (String) -> Void = { _ in }) throws -> MultiDataset {
    try opened(part, keeping: nil, warn)
  }

  func opened(_ part: DatasetSplit.Part, keeping decoded: DecodedChunks?, _ warn: (String) -> Void) throws -> MultiDataset {
    var options = PatchDataset.Options()
    (options.interpolation, options.isPadded, options.unit) = (interpolation, padded.contains(part), unit)
    (options.relations, options.decoded) = (relations, decoded)
    let pairs = datasets[part]
    guard !pairs.isEmpty else {
      throw PipelineError("there is no dataset to \(part.rawValue) with", hint: "list one under `datasets`, or in the table")
    }
    var opened: [PatchDataset] = []
    for pair in pairs {
      if pair.labels.isEmpty, !targets.isEmpty, !forceHasData {
        warn("\(pair.raw.path) has no labels of any class and is passed over")
        continue
      }
      do {
        opened.append(
          try PatchDataset(raw: pair.raw, labels: pair.labels, classes: classes, inputs: inputs, targets: targets, options: options))
      } catch {
        if pairs.count == 1 { throw error }
        warn("passed over: \(error.localizedDescription)")
      }
    }
    guard !opened.isEmpty else {
      throw PipelineError(
        "none of the \(pairs.count) datasets to \(part.rawValue) with can be used",
        hint: "see the warnings; datasets without labels are kept with `force_has_data`")
    }
    let channels = opened.map { dataset in inputs.map { dataset.channels(of: $0, augmentation) } }
    if let other = channels.firstIndex(where: { $0 != channels[0] }) {
      throw PipelineError(
        "\(opened[0].path) has \(channels[0][0]) channels and \(opened[other].path) has \(channels[other][0])", hint: "use images alike")
    }
    return MultiDataset(opened)
  }

  /// What was counted in each dataset: from the counts file where nothing was changed since, else counted and written there.
  ///
  /// - Throws: where labels cannot be read. That the file cannot be written is only told.
  public func censuses(of dataset: MultiDataset, warn: (String) -> Void = { _ in }) throws -> [ClassCensus] {
    guard dataset.datasets.allSatisfy({ !$0.targets.isEmpty }) else {
      throw PipelineError("classes are counted at the scale of the first of the `target_arrays`, and there is none", hint: "name one")
    }
    var file = CensusFile(path: countsFile)
    let result = try dataset.datasets.map { dataset in
      let key = CensusFile.key(of: dataset)
      if let known = file.censuses[key] { return known }
      let census = try ClassCensus(of: dataset, threads: loader.threads)
      file.censuses[key] = census
      return census
    }
    do { try file.write() } catch { warn("counts are not kept: \(error.localizedDescription)") }
    return result
  }
}

extension PatchLoader {
  /// Opens all that a specification names, counts classes where they are drawn, and begins to read.
  ///
  /// - Throws: what is wrong with the specification or an image, or with the memory, naming both sides.
  public convenience init(_ specification: PatchSpecification, warn: (String) -> Void = { _ in }) throws {
    let options = specification.loader
    // The chunks get what batches and patches at work leave of the memory.
    let probe = try specification.opened(specification.part, keeping: nil, warn)
    let batch = PatchBatch.byteCount(probe.datasets[0].batchArrays(specification.augmentation, size: options.batchSize))
    let batches = Double(options.ahead + 2) * batch
    let patch = probe.datasets.map { $0.workBytes(specification.augmentation.places) }.max()!
    let work = Double(options.threads) * Swift.max(patch, 8 * batch / Double(options.batchSize))
    let chunks = Double(specification.memory) - batches - work
    func megabytes(_ bytes: Double) -> String { String(format: "%.1f MB", bytes / 1e6) }
    guard chunks >= 0 else {
      throw PipelineError(
        "\(options.ahead + 2) batches of \(megabytes(batch)) and \(options.threads) threads at work take \(megabytes(batches + work)), and "
          + "`memory_gb` allows \(megabytes(Double(specification.memory)))",
        hint: "allow more, or ask for smaller batches, fewer `ahead`, fewer `threads`, or a `scale` nearer to 1"
      )
    }
    let decoded = DecodedChunks(bytes: Int(chunks))
    let dataset = try specification.opened(specification.part, keeping: decoded) { _ in }
    let censuses = specification.sampling.drawsClasses ? try specification.censuses(of: dataset, warn: warn) : []
    let sampler = try PatchSampler(
      dataset, censuses, specification.sampling, seed: options.seed, neighbours: (options.neighbours, options.batchSize))
    self.init(PatchQueue(dataset.datasets, sampler, specification.augmentation, options, decoded: decoded))
  }
}
