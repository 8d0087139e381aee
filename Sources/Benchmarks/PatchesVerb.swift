// SPDX-License-Identifier: Apache-2.0

import CBenchmarks
import CommandLineParsing
import Filtering
import Foundation
import Weft

/// `weft-benchmarks patches`
enum PatchesVerb {
  struct Arguments: Sendable {
    var side = 1600
    var count = 800
    var rounds = 3
    var threads = ProcessInfo.processInfo.activeProcessorCount
    var memory = 1.5
    var peers = "cellmap-data,zarr-python"
    var sizes = [64, 128]
    var neighbours = [1, 8]
    var data: String?
  }

  private static let peers = ["cellmap-data", "zarr-python"]

  static let command = Command<Arguments>(
    "patches", "drawing training patches beside other programs",
    discussion: [
      "A raw image of uint16 (made of real light-sheet data, repeated, where there is some) and the labels of a class, in chunks of 64³ (Blosc, "
        + "Zstandard) as OME-Zarr 0.4. Each program draws patches of both at random places, in batches of 8, on as many threads or workers. "
        + "Files lie in the system's memory where they fit. WEFT_PYTHON is a Python with cellmap-data; its sampler draws with replacement, since "
        + "its own would list every voxel.",
      "Each begins with half as many patches that are not counted. Bare reading takes the chunk files that Weft's counted patches meet, on the "
        + "same threads, and decodes them by the library: for each patch all of its own, for patches of a neighbourhood those that it has, once.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--side", at: \.side, "N", "Voxels along each axis; 1600 are 8.2 GB and 4.1 GB of labels"),
          .value("--count", at: \.count, "N", "Patches of 64³ a round; of 128³ a quarter of it"),
          .value("--rounds", at: \.rounds, "N", "Rounds in which each program takes its turn; the median is told"),
          .value("--threads", at: \.threads, "N", "Threads of Weft and of bare reading, workers of the others", fallback: "one a core"),
          .value("--memory", at: \.memory, "GB", "Memory of Weft's loader"),
          .value("--peers", at: \.peers, "NAME,…", "Some of \(peers.joined(separator: ", ")); or none"),
          .value("--data", at: \.data, "DIR", "Real volumes to take the voxels from, else they are made up", completion: .directory),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks patches --side 512 --count 80 --rounds 1 --peers none")],
    check: { (arguments) throws(UsageError) in
      try require(arguments.side, atLeast: 128, "`--side`")
      try require(arguments.count, atLeast: 32, "`--count`")
      try require(arguments.rounds, atLeast: 1, "`--rounds`")
      try require(arguments.threads, atLeast: 1, "`--threads`")
      try Peers.check(arguments.peers, among: peers)
    })

  static let verb = Verb(command) { arguments in
    try await withTemporaryFolder { folder in
      try makeImages(in: folder, arguments)
      let others = arguments.peers == "none" ? [] : arguments.peers.split(separator: ",").map(String.init)
      say("\(arguments.side)³ voxels, \(arguments.threads) threads, \(arguments.rounds) rounds")
      var rows: [[String]] = []
      for size in arguments.sizes {
        let count = max(64, (size == 64 ? arguments.count : arguments.count / 4) / 64 * 64)
        var rates: [String: [Double]] = [:]
        var peaks: [String: Int] = [:]
        for round in 0..<arguments.rounds {
          for neighbours in arguments.neighbours {
            // Many take less time each.
            let many = neighbours > 1 ? 4 * count : count
            let drawn = try weft(folder, size, many, neighbours, UInt64(round), arguments)
            rates["weft\(neighbours)", default: []].append(Double(many) / drawn.seconds)
            rates["bare\(neighbours)", default: []].append(Double(many) / drawn.bare)
          }
          for peer in others {
            let words = [peer, folder] + [arguments.side, size, warm(count), count, arguments.threads].map(String.init)
            let said = String(decoding: try Program.python("patches.py", words, isShown: false), as: UTF8.self)
            let numbers = said.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            guard numbers.count == 2 else { throw BenchmarkError("patches.py told `\(said)` instead of seconds and memory") }
            rates[peer, default: []].append(Double(count) / numbers[0])
            peaks[peer] = max(peaks[peer] ?? 0, Int(numbers[1]))
          }
        }
        for neighbours in arguments.neighbours {
          let own = median(rates["weft\(neighbours)"]!)
          rows.append(
            ["\(size)³", "\(neighbours)", own.text(1)] + others.map { (own / median(rates[$0]!)).text(1) }
              + [(own / median(rates["bare\(neighbours)"]!)).text(2)] + others.map { "\(peaks[$0] ?? 0)" })
          say("  \(rows.last!.joined(separator: "  "))")
        }
      }
      let heads = ["patches", "neighbours", "a second"] + others.map { "÷ \($0)" } + ["÷ bare"] + others.map { "\($0), MB" }
      say(Table.text(heads, rows))
      say("Weft's process, images made here included: \(peakBytes() >> 20) MB at the most")
    }
  }

  /// Patches that come before those that are counted.
  private static func warm(_ count: Int) -> Int { max(8, count / 16 * 8) }

  /// Draws patches, and reads the chunks that they meet barely.
  private static func weft(
    _ folder: String, _ size: Int, _ count: Int, _ neighbours: Int, _ seed: UInt64, _ arguments: Arguments
  ) throws -> (seconds: Double, bare: Double) {
    let array = PatchArray(name: "raw", shape: [size, size, size], scale: [4, 4, 4])
    var specification = PatchSpecification()
    specification.classes = ["cell"]
    specification.inputs = [array]
    specification.targets = [PatchArray(name: "cell", shape: array.shape, scale: array.scale)]
    specification.datasets.train = [
      .init(raw: PatchSource(path: folder + "/raw"), labels: ["cell": PatchSource(path: folder + "/labels/cell")])
    ]
    specification.memory = Int(arguments.memory * 1e9)
    (specification.loader.batchSize, specification.loader.batches) = (8, (warm(count) + count) / 8)
    (specification.loader.threads, specification.loader.seed) = (arguments.threads, seed)
    specification.loader.neighbours = neighbours
    // Files, and files of each neighbourhood: patch p of batch b begins one where their number divides b + p.
    var (files, needed) = (Set<String>(), Set<[Int]>())
    let loader = try PatchLoader(specification)
    for _ in 0..<warm(count) / 8 { try loader.next().map(loader.recycle) }
    let (_, took) = try Seconds.of {
      while let batch = try loader.next() {
        for draw in batch.draws {
          // The middle of the first voxel is the origin.
          let lower = loader.origin(of: draw).center.map { Int((($0 + 2) / 4).rounded()) - size / 2 }
          for chunk in Box(lower: lower.map { $0 / 64 }, upper: lower.map { ($0 + size - 1) / 64 + 1 }).indices {
            let name = chunk.map(String.init).joined(separator: "/")
            files.insert(name)
            let (batch, patch) = (draw.number / 8, draw.number % 8)
            needed.insert([patch, (batch + patch) / neighbours] + chunk)
          }
        }
        loader.recycle(batch)
      }
    }
    var bare = 0.0
    for (image, bytes) in [("raw", 2), ("labels/cell", 1)] {
      // A chunk of zeros has no file.
      let list = files.map { "\(folder)/\(image)/0/\($0)" }.filter(FileManager.default.fileExists(atPath:)).sorted().joined(separator: "\n")
      let seconds = unsafe cbenchmarks_read_files(list, 1, bytes * 64 * 64 * 64, Int32(arguments.threads))
      guard seconds > 0 else { throw BenchmarkError("the chunks in \(folder)/\(image) cannot be read and decoded by the library itself") }
      bare += seconds
    }
    return (took.wall, bare * Double(needed.count) / Double(files.count))
  }

  /// A raw image and labels, of a small volume repeated.
  private static func makeImages(in folder: String, _ arguments: Arguments) throws {
    let tile = min(512, arguments.side)
    let voxels = try StorageVerb.source(in: folder, tile, arguments.data)
    let sorted = voxels.elements.prefix(1 << 20).sorted()
    let threshold = sorted[sorted.count * 3 / 4]
    let labels = voxels.mapVoxels { $0 > threshold ? UInt8(1) : 0 }
    try make(voxels, folder + "/raw", arguments)
    try make(labels, folder + "/labels/cell", arguments)
  }

  private static func make<Voxel: VoxelScalar>(_ tile: VoxelBuffer<Voxel>, _ path: String, _ arguments: Arguments) throws {
    let side = arguments.side
    var layout = PyramidLayout(
      extent: [side, side, side], voxelType: Voxel.voxelType,
      space: PhysicalSpace(spacing: [4, 4, 4], origin: [0, 0, 0], unit: .nanometer))
    layout.version = .v04
    layout.levelCount = 1
    layout.chunk = [64, 64, 64]
    layout.compression = .blosc(.zstd, level: 5, shuffle: .automatic)
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    let writer = try PyramidWriter.begin(layout, at: path)
    let results = writer.tasks(level: 0).concurrentMap(threads: arguments.threads) { box in
      Result {
        var part = VoxelBuffer<Voxel>(extent: box.extent)
        let length = tile.extent[0]
        for cell in Box(lower: box.lower.map { $0 / length }, upper: box.upper.map { ($0 - 1) / length + 1 }).indices {
          let whole = Box(lower: cell.map { $0 * length }, extent: tile.extent)
          let inside = whole.intersection(box)
          part.copy(from: tile, box: inside.relative(to: whole.lower), at: inside.relative(to: box.lower).lower)
        }
        try writer.write(part, at: box.lower)
      }
    }
    for result in results { try result.get() }
    try writer.finish()
  }

  /// The most memory that this process had.
  private static func peakBytes() -> Int {
    var usage = rusage()
    unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
    return 1024 * usage.ru_maxrss
  }
}
