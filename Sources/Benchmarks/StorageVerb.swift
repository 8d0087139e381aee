// SPDX-License-Identifier: Apache-2.0

import CBenchmarks
import CommandLineParsing
import Filtering
import Foundation
import Weft

/// `weft-benchmarks storage`
enum StorageVerb {
  struct Arguments: Sendable {
    var side = 1024
    var rounds = 3
    var threads = ProcessInfo.processInfo.activeProcessorCount
    var peers = "tensorstore,zarr-python,zarrs"
    var only: String?
    var data: String?
    var isCold = false
  }

  private static let peers = ["tensorstore", "zarr-python", "zarrs"]

  static let command = Command<Arguments>(
    "storage", "reading and writing Zarr beside other programs",
    discussion: [
      "An array of uint16 is written and read whole, by each program in turn, with the same metadata: Blosc, Zstandard and raw chunks, small "
        + "and large, and chunks in shards. Weft reads and writes boxes of about 4 million voxels on its threads, as its tasks do, the peers "
        + "boxes of 512³ on as many threads as they take by themselves. What is read was written by Weft a moment before and lies in "
        + "the memory of the system, so that no disk is measured, unless --cold is given.",
      "Bare reading takes the files of the same chunks one by one on the same threads and decodes them by the library, into memory that is used "
        + "again; nothing is put together. Bare writing encodes the same chunks by the library and writes nothing.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--side", at: \.side, "N", "Voxels along each axis"),
          .value("--rounds", at: \.rounds, "N", "Rounds in which each program takes its turn; the median is told"),
          .value("--threads", at: \.threads, "N", "Threads of Weft and of bare reading", fallback: "one a core"),
          .value("--peers", at: \.peers, "NAME,…", "Some of \(peers.joined(separator: ", ")); or none"),
          .value("--only", at: \.only, "TEXT", "Rows whose name holds this, as 64³ or zstd"),
          .flag("--cold", at: \.isCold, "Have the system forget the files each time before they are read"),
          .value("--data", at: \.data, "DIR", "Real volumes to take the voxels from, else they are made up", completion: .directory),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks storage --side 512 --rounds 1")],
    check: { (arguments) throws(UsageError) in
      try require(arguments.side, atLeast: 64, "`--side`")
      try require(arguments.rounds, atLeast: 1, "`--rounds`")
      try require(arguments.threads, atLeast: 1, "`--threads`")
      try Peers.check(arguments.peers, among: peers)
    })

  /// One way to store the array.
  private struct Layout {
    var name: String
    var chunk: Int
    var shard: Int?
    var compression: Compression
    /// How bare reading decodes a file, and the level at which bare writing encodes it; `nil` where a file is not one chunk.
    var bare: (codec: Int32, level: Int32)?
  }

  private static let layouts: [Layout] = {
    let blosc = Compression.blosc(.zstd, level: 5, shuffle: .automatic)
    let kinds: [(String, Compression, (Int32, Int32))] = [
      ("blosc:zstd:5", blosc, (1, 5)), ("zstd:3", .zstd(level: 3), (2, 3)), ("raw", .none, (0, 0)),
    ]
    return [64, 128].flatMap { chunk in
      kinds.map { Layout(name: "\($0.0), \(chunk)³", chunk: chunk, compression: $0.1, bare: $0.2) }
    } + [Layout(name: "blosc:zstd:5, 64³ in shards of 512³", chunk: 64, shard: 512, compression: blosc)]
  }()

  static let verb = Verb(command) { arguments in
    try await withTemporaryFolder { folder in
      let side = arguments.side
      let voxels = try source(in: folder, side, arguments.data)
      let bytes = Double(2 * voxels.count)
      let others = arguments.peers == "none" ? [] : arguments.peers.split(separator: ",").map(String.init)
      say("\(side)³ voxels of uint16, \(arguments.threads) threads, \(arguments.rounds) rounds")
      // What the peers read and write at once.
      let box = [min(512, side), min(512, side), min(512, side)].map(String.init).joined(separator: ",")
      var rows: [[String]] = []
      for layout in layouts where arguments.only.map({ layout.name.contains($0) }) ?? true {
        let shard = layout.shard.map { min($0, side) }
        let metadata = ArrayMetadata(
          format: .v3, extent: [side, side, side], chunk: [layout.chunk, layout.chunk, layout.chunk],
          shard: shard.map { [$0, $0, $0] }, voxelType: .uint16, compression: layout.compression)
        var (writing, reading): ([String: [Double]], [String: [Double]]) = ([:], [:])
        // What is written is there before, as what a task has made, and the arrays of which the peers are given parts; and once for all rounds: fresh
        // memory, which a virtual machine has to get from its host first, would be left to whoever comes after.
        let parts = boxes(metadata, isWriting: true).map { (box: $0, voxels: voxels.cropped(to: $0)) }
        for _ in 0..<arguments.rounds {
          for program in ["weft"] + others {
            let path = folder + "/" + program
            try? FileManager.default.removeItem(atPath: path)
            let array = try ChunkedArray.create(at: path, metadata)
            // What the one before has written, or was removed just now, does not keep the disk from the next.
            sync()
            writing[program, default: []].append(
              program == "weft"
                ? try timed(parts, arguments.threads) { try array.write($0.voxels, at: $0.box.lower) }
                : try seconds("write", program, path, box, folder + "/source.npy"))
          }
          let array = try ChunkedArray.open(at: folder + "/weft")
          func forget() throws {
            if arguments.isCold { unsafe cbenchmarks_forget_files(try chunkFiles(of: array).joined(separator: "\n")) }
          }
          // Once before any is timed: who comes first would wait for what is still being written.
          _ = try read(array, arguments.threads)
          if let bare = layout.bare {
            if bare.codec != 0 { writing["bare", default: []].append(try bareWriting(array, bare, arguments.threads)) }
            try forget()
            reading["bare", default: []].append(try bareReading(array, bare.codec, arguments.threads))
          }
          for program in ["weft"] + others {
            try forget()
            reading[program, default: []].append(
              program == "weft" ? try read(array, arguments.threads) : try seconds("read", program, folder + "/weft", box))
          }
        }
        for (what, took) in [("write", writing), ("read", reading)] {
          let own = median(took["weft"]!)
          func ratio(_ name: String) -> String { took[name].map { (median($0) / own).text(2) } ?? "–" }
          rows.append([layout.name, what, (bytes / own / 1e9).text(2)] + (others + ["bare"]).map(ratio))
          say("  \(rows.last!.joined(separator: "  "))")
        }
      }
      say(Table.text(["chunks", "what", "Weft, GB/s"] + others.map { "Weft ÷ \($0)" } + ["Weft ÷ bare"], rows))
    }
  }

  /// Makes voxels, which lie in `source.npy`, too.
  static func source(in folder: String, _ side: Int, _ data: String?) throws -> VoxelBuffer<UInt16> {
    let file = folder + "/source.npy"
    try Program.python("storage.py", ["source", file, "\(side)"] + (data.map { [$0] } ?? []), isShown: false)
    let data = try Data(contentsOf: URL(fileURLWithPath: file), options: .alwaysMapped)
    let header = data.count - 2 * side * side * side
    let voxels = unsafe [UInt16](unsafeUninitializedCapacity: side * side * side) { target, count in
      count = unsafe data.copyBytes(to: target, from: header..<data.count) / 2
    }
    return VoxelBuffer(extent: [side, side, side], elements: voxels)
  }

  /// Boxes of whole files, of about 4 million voxels where files are smaller.
  private static func boxes(_ array: ArrayMetadata, isWriting: Bool) -> [Box] {
    var size = isWriting ? array.unit.lengths : array.chunk.lengths
    for axis in size.indices.reversed() {
      while size[axis] < array.extent[axis], 2 * size.reduce(1, *) <= 4 << 20 { size[axis] *= 2 }
    }
    return array.extent.box.tiles(of: Extent(size))
  }

  private static func read(_ array: ChunkedArray, _ threads: Int) throws -> Double {
    // One after the other into the same memory, as passes over a volume do.
    let boxes = boxes(array.metadata, isWriting: false)
    return try timed(Array(0..<threads), threads) { thread in
      var voxels = VoxelBuffer<UInt16>()
      for index in stride(from: thread, to: boxes.count, by: threads) { try array.read(boxes[index], into: &voxels) }
    }
  }

  private static func timed<Part: Sendable>(
    _ parts: [Part], _ threads: Int, _ work: @Sendable (Part) throws -> Void
  ) throws -> Double {
    let (results, took) = Seconds.of {
      parts.concurrentMap(threads: threads) { part in Result { try work(part) } }
    }
    for result in results { try result.get() }
    return took.wall
  }

  private static func chunkFiles(of array: ChunkedArray) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: array.path).map { array.path + "/" + $0 }
      .filter { $0.contains("/c/") && FileManager.default.isRegularFile($0) }
  }

  private static func bareReading(_ array: ChunkedArray, _ codec: Int32, _ threads: Int) throws -> Double {
    let list = try chunkFiles(of: array).joined(separator: "\n")
    return try told(unsafe cbenchmarks_read_files(list, codec, 2 * array.chunk.count, Int32(threads)), array)
  }

  private static func bareWriting(_ array: ChunkedArray, _ bare: (codec: Int32, level: Int32), _ threads: Int) throws -> Double {
    let list = try chunkFiles(of: array).joined(separator: "\n")
    return try told(unsafe cbenchmarks_encode_files(list, bare.codec, 2 * array.chunk.count, bare.level, 2, Int32(threads)), array)
  }

  private static func told(_ seconds: Double, _ array: ChunkedArray) throws -> Double {
    guard seconds > 0 else { throw BenchmarkError("the chunks of \(array.path) cannot be read and decoded by the libraries themselves") }
    return seconds
  }

  private static func seconds(_ what: String, _ peer: String, _ path: String, _ box: String, _ more: String...) throws -> Double {
    let told = String(decoding: try Program.python("storage.py", [what, peer, path, box] + more, isShown: false), as: UTF8.self)
    guard let seconds = Double(told.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw BenchmarkError("storage.py told `\(told)` instead of seconds")
    }
    return seconds
  }
}

extension FileManager {
  fileprivate func isRegularFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return unsafe fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }
}
