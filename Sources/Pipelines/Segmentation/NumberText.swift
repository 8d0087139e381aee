// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Numbers as `printf` writes them with `%.10g`, byte for byte; fast where they are not very large or small.
package enum NumberText {
  /// 10⁰ … 10²², all of which a Double holds exactly.
  private static let powers = (0...22).map { Double("1e\($0)")! }

  /// Appends a number with ten significant digits, without zeros at the end.
  package static func append(_ value: Double, to text: inout [UInt8]) {
    let size = abs(value)
    if size == 0 && value.sign == .plus { return text.append(UInt8(ascii: "0")) }
    guard size >= 1e-4, size < 1e9, let digits = digits(of: size) else {
      return text.append(contentsOf: String(format: "%.10g", value).utf8)
    }
    if value < 0 { text.append(UInt8(ascii: "-")) }
    var (decimals, rest) = (digits.decimals, digits.number)
    while decimals > 0 && rest % 10 == 0 { (decimals, rest) = (decimals - 1, rest / 10) }
    append(rest, decimals: decimals, to: &text)
  }

  /// Appends a whole number.
  package static func append(_ value: Int, to text: inout [UInt8]) {
    if value < 0 { text.append(UInt8(ascii: "-")) }
    append(value.magnitude, decimals: 0, to: &text)
  }

  /// Appends `number` / 10 to the power of `decimals`.
  private static func append(_ number: UInt, decimals: Int, to text: inout [UInt8]) {
    let first = text.count
    var (rest, count) = (number, 0)
    repeat {
      if count == decimals && count > 0 { text.append(UInt8(ascii: ".")) }
      text.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
      count += 1
    } while rest > 0 || count <= decimals
    text[first...].reverse()
  }

  /// A number from 1e-4 to below 1e9, rounded to ten digits, as a whole number and how many of its digits are decimals; `nil` where it lies
  /// too near the middle of two for a product in double precision to tell which is nearer.
  private static func digits(of size: Double) -> (number: UInt, decimals: Int)? {
    // Ten digits: those before the point, or less than none for each zero after it.
    var decimals = 1
    while decimals < 13 && size < powers[9 - min(decimals, 9)] / powers[max(decimals, 9) - 9] { decimals += 1 }
    let scaled = size * powers[decimals]
    let whole = scaled.rounded(.down)
    let part = scaled - whole
    // The product is off by less than a millionth.
    guard abs(part - 0.5) > 1e-5, scaled >= 1e9 + 1, scaled < 1e10 - 1 else { return nil }
    return (UInt(part > 0.5 ? whole + 1 : whole), decimals)
  }
}
