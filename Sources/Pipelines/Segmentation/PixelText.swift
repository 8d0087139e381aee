// SPDX-License-Identifier: Apache-2.0

/// The few characters that pictures are captioned with, as pixels: five columns and seven rows each, drawn twice as large.
enum PixelText {
  private static let scale = 2
  static let height = 7 * scale

  /// How wide a text is, in pixels.
  static func width(of text: String) -> Int { 6 * scale * text.count }

  /// Calls `body` with the row and the column of every pixel that is set.
  static func forEachPixel(of text: String, _ body: (_ row: Int, _ column: Int) -> Void) {
    for (place, character) in text.enumerated() {
      guard let rows = glyphs[character] else { continue }
      for row in 0..<7 * scale {
        for column in 0..<5 * scale where rows[row / scale] >> (4 - column / scale) & 1 == 1 {
          body(row, place * 6 * scale + column)
        }
      }
    }
  }

  private static let glyphs: [Character: [UInt8]] = [
    "0": [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
    "1": [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
    "2": [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
    "3": [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110],
    "4": [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
    "5": [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
    "6": [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
    "7": [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
    "8": [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
    "9": [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
    ".": [0, 0, 0, 0, 0, 0b01100, 0b01100], "b": [0b10000, 0b10000, 0b11110, 0b10001, 0b10001, 0b10001, 0b11110],
    "c": [0, 0, 0b01110, 0b10000, 0b10000, 0b10001, 0b01110], "e": [0, 0, 0b01110, 0b10001, 0b11111, 0b10000, 0b01110],
    "i": [0b00100, 0, 0b01100, 0b00100, 0b00100, 0b00100, 0b01110], "j": [0b00010, 0, 0b00110, 0b00010, 0b00010, 0b10010, 0b01100],
    "n": [0, 0, 0b10110, 0b11001, 0b10001, 0b10001, 0b10001], "o": [0, 0, 0b01110, 0b10001, 0b10001, 0b10001, 0b01110],
    "s": [0, 0, 0b01111, 0b10000, 0b01110, 0b00001, 0b11110], "t": [0b01000, 0b01000, 0b11100, 0b01000, 0b01000, 0b01001, 0b00110],
  ]
}
