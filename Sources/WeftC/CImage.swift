// SPDX-License-Identifier: Apache-2.0

internal import Weft

/// An image behind a handle.
private final class OpenImage: Sendable {
  let image: StoredImage

  init(_ image: StoredImage) { self.image = image }

  /// A level of one channel.
  func volume(_ level: Int, _ channel: Int) throws -> LazyVolume {
    let levels = try image.volumes(channel: image.channelCount == 1 && channel == 0 ? nil : channel).levels
    guard levels.indices.contains(level) else {
      throw VolumeError("\(image.path) has no level \(level): it has \(levels.count), counted from 0")
    }
    return levels[level]
  }
}

/// Opens an image of any kind that Weft reads.
@c(weft_image_open) public func weftImageOpen(
  _ path: UnsafePointer<CChar>, _ image: UnsafeMutablePointer<UnsafeMutableRawPointer?>
) -> UnsafeMutablePointer<CChar>? {
  unsafe failure { unsafe image.pointee = try unsafe handle(OpenImage(StoredImage.open(String(cString: path)))) }
}

/// What it is, as JSON: `{"channels": …, "levels": [{"shape": …, "spacing": …, "origin": …, "unit": …}], "dtype": …}`, axes z, y, x (y, x of flat ones).
@c(weft_image_description) public func weftImageDescription(
  _ image: UnsafeMutableRawPointer, _ description: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> UnsafeMutablePointer<CChar>? {
  struct Level: Encodable {
    let shape: [Int]
    let spacing: [Double]
    let origin: [Double]
    let unit: String?
  }
  struct Description: Encodable {
    let channels: Int
    let dtype: String
    let levels: [Level]
  }
  return unsafe failure {
    let open = unsafe object(image, as: OpenImage.self)
    let levels = try open.image.volumes().levels.map { level in
      Level(shape: level.extent.lengths, spacing: level.space.spacing, origin: level.space.origin, unit: level.space.unit?.name)
    }
    unsafe description.pointee = try unsafe handedOver(
      json: Description(channels: open.image.channelCount, dtype: open.image.voxelType.rawValue, levels: levels))
  }
}

/// Reads the voxels from `lower` to below `upper` of a level of a channel, as numbers of single precision in C order.
@c(weft_image_read) public func weftImageRead(
  _ image: UnsafeMutableRawPointer, _ level: Int, _ channel: Int, _ lower: UnsafePointer<Int>, _ upper: UnsafePointer<Int>,
  _ numbers: UnsafeMutablePointer<Float>
) -> UnsafeMutablePointer<CChar>? {
  unsafe failure {
    let volume = try unsafe object(image, as: OpenImage.self).volume(level, channel)
    let (low, high) = ((0..<volume.rank).map { unsafe lower[$0] }, (0..<volume.rank).map { unsafe upper[$0] })
    guard zip(low, high).allSatisfy({ $0 <= $1 }), volume.extent.box.contains(Box(lower: low, upper: high)) else {
      throw VolumeError("\(volume.name) holds \(volume.extent) voxels, and those from \(low) to \(high) were asked for")
    }
    let voxels = try volume.read(Box(lower: low, upper: high))
    unsafe voxels.elements.withUnsafeBufferPointer { unsafe numbers.update(from: $0.baseAddress!, count: $0.count) }
  }
}
