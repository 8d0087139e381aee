// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Weft

/// Opens a loader of a specification: the path of a JSON file where `folder` is null, else its text, paths being taken from `folder`. `seed`, `number` and
/// `count` take the place of the specification's where they are not negative. Warnings go to `warnings` as lines, null where there are none.
@c(weft_loader_open) public func weftLoaderOpen(
  _ specification: UnsafePointer<CChar>, _ folder: UnsafePointer<CChar>?, _ seed: Int64, _ number: Int64, _ count: Int64,
  _ loader: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ warnings: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> UnsafeMutablePointer<CChar>? {
  unsafe failure {
    let text = unsafe String(cString: specification)
    var made =
      try unsafe folder.map { try unsafe PatchSpecification(json: text, folder: String(cString: $0)) } ?? PatchSpecification(file: text)
    if seed >= 0 { made.loader.seed = UInt64(seed) }
    if number >= 0 || count >= 0 {
      guard number >= 0, count > number else {
        throw PipelineError("share \(number) of \(count) is none", hint: "shares are counted from 0, and there are so many in all")
      }
      made.loader.share = (Int(number), Int(count))
    }
    unsafe warnings.pointee = nil
    var told: [String] = []
    unsafe loader.pointee = try unsafe handle(PatchLoader(made) { told.append($0) })
    if !told.isEmpty { unsafe warnings.pointee = unsafe handedOver(told.joined(separator: "\n")) }
  }
}

/// The arrays of each batch as JSON: `[{"name": …, "shape": […]}]`.
@c(weft_loader_arrays) public func weftLoaderArrays(_ loader: UnsafeMutableRawPointer) -> UnsafeMutablePointer<CChar>? {
  struct Row: Encodable {
    let name: String
    let shape: [Int]
  }
  return unsafe try? handedOver(json: object(loader, as: PatchLoader.self).arrays.map { Row(name: $0.name, shape: $0.shape) })
}

/// Waits for the next batch; null after the last.
@c(weft_loader_next) public func weftLoaderNext(
  _ loader: UnsafeMutableRawPointer, _ batch: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> UnsafeMutablePointer<CChar>? {
  unsafe failure {
    unsafe batch.pointee = nil
    if let next = try unsafe object(loader, as: PatchLoader.self).next() { unsafe batch.pointee = handle(next) }
  }
}

/// Where the numbers of an array of a batch lie, as long as the batch is not released: single precision, C order.
@c(weft_batch_numbers) public func weftBatchNumbers(_ batch: UnsafeMutableRawPointer, _ array: Int) -> UnsafePointer<Float>? {
  unsafe object(batch, as: PatchBatch.self).withUnsafeNumbers(of: array) { $0.baseAddress }
}

/// Where the patches of a batch are from, as JSON.
@c(weft_batch_origins) public func weftBatchOrigins(
  _ loader: UnsafeMutableRawPointer, _ batch: UnsafeMutableRawPointer
) -> UnsafeMutablePointer<CChar>? {
  struct Row: Encodable {
    let number: Int
    let image: String
    let center: [Double]
    let drawnFor: String?
    enum CodingKeys: String, CodingKey {
      case number, image, center
      case drawnFor = "drawn_for"
    }
  }
  let loader = unsafe object(loader, as: PatchLoader.self)
  return unsafe try? handedOver(
    json: object(batch, as: PatchBatch.self).draws.map {
      let from = loader.origin(of: $0)
      return Row(number: $0.number, image: from.path, center: from.center, drawnFor: $0.target)
    })
}

/// Releases a batch, whose memory is used again.
@c(weft_batch_release) public func weftBatchRelease(_ loader: UnsafeMutableRawPointer, _ batch: UnsafeMutableRawPointer) {
  unsafe object(loader, as: PatchLoader.self).recycle(object(batch, as: PatchBatch.self))
  unsafe weftRelease(batch)
}

/// What a loader did so far, as JSON.
@c(weft_loader_statistics) public func weftLoaderStatistics(_ loader: UnsafeMutableRawPointer) -> UnsafeMutablePointer<CChar>? {
  unsafe try? handedOver(json: object(loader, as: PatchLoader.self).statistics)
}

/// Ends the threads of a loader; who waits for a batch gets none.
@c(weft_loader_end) public func weftLoaderEnd(_ loader: UnsafeMutableRawPointer) { unsafe object(loader, as: PatchLoader.self).end() }
