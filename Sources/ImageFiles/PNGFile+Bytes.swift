// SPDX-License-Identifier: Apache-2.0

internal import CCodecs

extension PNGFile {
  /// What a picture's pixels are, row by row, 8 bits a sample.
  package enum Pixels: Sendable, Equatable {
    /// One byte a pixel.
    case grey([UInt8])
    /// Red, green and blue of each pixel.
    case colour([UInt8])
    /// A place in the palette for each pixel; the palette holds red, green and blue of 1 to 256 colours.
    case indexed([UInt8], palette: [UInt8])
  }

  /// A picture as the bytes of a PNG file (https://www.w3.org/TR/png-3/): the same pixels give the same bytes.
  ///
  /// - Precondition: there is a pixel for each place, and a colour for each index.
  package static func bytes(_ pixels: Pixels, height: Int, width: Int) -> [UInt8] {
    let (samples, type, size): ([UInt8], UInt8, Int) =
      switch pixels {
      case .grey(let samples): (samples, 0, 1)
      case .colour(let samples): (samples, 2, 3)
      case .indexed(let samples, _): (samples, 3, 1)
      }
    precondition(samples.count == height * width * size, "\(samples.count) bytes are no picture of \(height)×\(width)")
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += chunk("IHDR", UInt32(width).bigEndianBytes + UInt32(height).bigEndianBytes + [8, type, 0, 0, 0])
    if case .indexed(_, let palette) = pixels {
      precondition(palette.count % 3 == 0 && (1...256).contains(palette.count / 3), "a palette has 1 to 256 colours")
      file += chunk("PLTE", palette)
    }
    let rows = type == 3 ? unfiltered(samples, row: width) : filtered(samples, row: width * size, pixel: size)
    file += chunk("IDAT", Deflate.zlibStream(rows, level: 6))
    return file + chunk("IEND", [])
  }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return UInt32(data.count).bigEndianBytes + body + ccodecs_crc32_continued(0, body.span).bigEndianBytes
  }

  /// Rows as they are: neighbours in a palette have nothing to do with each other.
  private static func unfiltered(_ samples: [UInt8], row: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(samples.count + (row == 0 ? 0 : samples.count / row))
    for start in stride(from: 0, to: samples.count, by: max(row, 1)) {
      result.append(0)
      result += samples[start..<start + row]
    }
    return result
  }

  /// Each row less what it is expected to be, by the filter whose differences are the least in all (the heuristic of the specification,
  /// https://www.w3.org/TR/png-3/#12Filter-selection).
  private static func filtered(_ samples: [UInt8], row: Int, pixel: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(samples.count + samples.count / max(row, 1))
    var above = [UInt8](repeating: 0, count: row)
    for start in stride(from: 0, to: samples.count, by: max(row, 1)) {
      let line = Array(samples[start..<start + row])
      var best: (kind: UInt8, cost: Int, bytes: [UInt8])?
      for kind: UInt8 in 0...4 {
        var bytes = line
        var cost = 0
        for i in 0..<row {
          let left = i < pixel ? 0 : line[i - pixel]
          let corner = i < pixel ? 0 : above[i - pixel]
          let expected: UInt8 =
            switch kind {
            case 1: left
            case 2: above[i]
            case 3: UInt8((Int(left) + Int(above[i])) / 2)
            case 4: paeth(left, above[i], corner)
            default: 0
            }
          bytes[i] = line[i] &- expected
          cost += Int(Int8(bitPattern: bytes[i]).magnitude)
        }
        if best.map({ cost < $0.cost }) ?? true { best = (kind, cost, bytes) }
      }
      if let best {
        result.append(best.kind)
        result += best.bytes
      }
      above = line
    }
    return result
  }

  private static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
    let guess = Int(left) + Int(above) - Int(corner)
    let (a, b, c) = (abs(guess - Int(left)), abs(guess - Int(above)), abs(guess - Int(corner)))
    return a <= b && a <= c ? left : b <= c ? above : corner
  }
}

extension UInt32 {
  fileprivate var bigEndianBytes: [UInt8] { littleEndianBytes.reversed() }
}
