// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Foundation
internal import Weft

/// What `patches` is asked.
struct PatchesArguments: TalkingArguments {
  var specification = ""
  var count: Int?
  var result: String?
  var stream: StreamFormat?
  var part: DatasetSplit.Part?
  var threads: Int?
  var output = OutputArguments()
}

/// How patches are written to standard output.
enum StreamFormat: String, CaseIterable, ArgumentValue { case npy }

/// `weft patches`
enum PatchesCommand {
  static let command = Command<PatchesArguments>(
    "patches", "cut training patches out of images and labels",
    discussion: [
      "SPEC is a JSON file that says which images and labels, which arrays at which shape and scale, how patches are drawn and how they are "
        + "changed: see Docs/Guides/patches.md. The same seed gives the same patches, whatever the threads.",
      "With --stream npy each batch goes to standard output, one array after the other in NumPy's format: the guide shows how it is read.",
      "`weft patches count SPEC` tells how much there is of each class.",
    ],
    defaults: PatchesArguments(),
    positionals: [.value("SPEC", at: \.specification, "The specification, a JSON file", completion: .file)],
    groups: [
      OptionGroup(
        "Patches",
        [
          .parsed(
            "--count", at: \.count, "N", "How many", expected: "a whole number above 0",
            fallback: "1; with --stream without end; all where SPEC says"
          ) { Values.positive($0).map(Optional.some) },
          .value("--output", "-o", at: \.result, "FOLDER", "A Zarr folder that they are written to", completion: .file),
          .value("--stream", at: \.stream, "FORMAT", "Write them to standard output instead: npy"),
          .value("--split", at: \.part, "PART", "train or validate", fallback: "the specification's, else train"),
          .threads(\.threads),
        ] + PatchesArguments.talking)
    ],
    examples: [
      CommandExample("write a hundred patches", "weft patches spec.json --count 100 --output patches.zarr"),
      CommandExample("count classes", "weft patches count spec.json"),
    ],
    check: { (arguments) throws(UsageError) in
      guard (arguments.result == nil) != (arguments.stream == nil) else {
        throw UsageError("patches go to --output or to --stream", hint: "give one of them")
      }
    })

  static let verb = Verb(command) { arguments, console in
    var specification = try PatchSpecification(file: arguments.specification)
    if let part = arguments.part { specification.part = part }
    if let threads = arguments.threads { specification.loader.threads = threads }
    let isEndless = specification.loader.batches == nil && specification.sampling != .tiles
    if let count = arguments.count ?? (arguments.stream == nil && isEndless ? 1 : nil) {
      (specification.loader.batches, specification.loader.count) = (nil, count)
    }
    let loader = try PatchLoader(specification) { console.warn($0) }
    defer { loader.end() }
    if arguments.stream != nil {
      while let batch = try loader.next() {
        try Task.checkCancellation()
        for (number, array) in batch.arrays.enumerated() {
          let shape = [batch.draws.count] + array.shape.dropFirst()
          do {
            try FileHandle.standardOutput.write(contentsOf: Data(NPYHeader.bytes(shape: shape)))
            try unsafe batch.withUnsafeNumbers(of: number) { numbers in
              let start = unsafe UnsafeMutableRawPointer(mutating: numbers.baseAddress!)
              let data = unsafe Data(bytesNoCopy: start, count: 4 * shape.reduce(1, *), deallocator: .none)
              try FileHandle.standardOutput.write(contentsOf: data)
            }
          } catch let error as NSError {
            // Who reads may have had enough.
            if (error.userInfo[NSUnderlyingErrorKey] as? NSError)?.code == Int(EPIPE) { return .done }
            throw PipelineError(
              "the patches cannot be written to standard output: \(error.localizedDescription)", hint: "is the disk full?")
          }
        }
        loader.recycle(batch)
      }
    } else if let result = arguments.result, let count = loader.count {
      guard count > 0 else {
        let share = specification.loader.share
        throw PipelineError(
          "no batch is left for share \(share.number) of \(share.count)", hint: "ask for more patches, or smaller batches")
      }
      Interruption.unfinished(file: result)
      let folder = try PatchFolder(result, loader, inputs: specification.datasets.paths, count: count)
      do {
        var origins: [(path: String, center: [Double])] = []
        while let batch = try loader.next() {
          try Task.checkCancellation()
          try folder.write(batch, from: origins.count)
          origins += batch.draws.map(loader.origin)
          loader.recycle(batch)
        }
        try folder.finish(classes: specification.classes, origins: origins)
      } catch {
        folder.abandon()
        throw error
      }
      if !arguments.output.quiet { console.tell(text(loader.statistics)) }
      if arguments.output.json { try console.print(json: loader.statistics) } else { console.print(result) }
    }
    return .done
  }

  private static func text(_ statistics: PatchLoader.Statistics) -> String {
    let chunks = statistics.hits + statistics.misses
    return String(
      format: "%d patches in %.1f s (%.1f a second); waited %.1f s; %.0f %% of %d chunks were there already", statistics.patches,
      statistics.seconds, statistics.rate, statistics.waited, chunks > 0 ? 100 * Double(statistics.hits) / Double(chunks) : 0, chunks)
  }
}
