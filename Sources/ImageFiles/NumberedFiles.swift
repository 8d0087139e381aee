// SPDX-License-Identifier: Apache-2.0

/// Files whose names differ in numbers alone, as `plane_001.tif`, `plane_002.tif`: which axes the numbers count, and in which order the files
/// follow one another.
struct NumberedFiles {
  /// Axes that the numbers count, slowest first.
  private(set) var axes: [(name: String, length: Int)]
  /// The files' names, the last axis fastest.
  private(set) var names: [String]

  /// A name without its ending, cut into texts and numbers: a text, a number, a text, and so on to a text.
  private struct Name {
    var whole: String
    var texts: [String] = [""]
    var numbers: [Int] = []
    var ending: Substring

    init(_ whole: String) {
      self.whole = whole
      let dot = whole.lastIndex(of: ".") ?? whole.endIndex
      let stem = whole[..<dot]
      ending = whole[dot...]
      var digits = ""
      // A final character that is no digit ends the last number.
      for character in String(stem) + "\0" {
        if character.isASCII && character.isNumber {
          digits.append(character)
        } else {
          if let number = Int(digits) {
            numbers.append(number)
            texts.append("")
          } else {
            // No number of anything that is counted.
            texts[texts.count - 1] += digits
          }
          digits = ""
          if character != "\0" { texts[texts.count - 1].append(character) }
        }
      }
    }

    /// What it has in common with others of its series, as a pattern.
    var pattern: String { texts.joined(separator: "*") + ending }
  }

  /// - Parameters:
  ///   - all: names of at least two files, in any order.
  ///   - given: names of the axes that the numbers count, in the order of the numbers; `nil` takes z for one number, and goes by the letters
  ///     before each where several change, as in `t01_z003_c1`.
  ///   - path: what the files are called in messages.
  /// - Throws: `ImageFileError` where names follow no pattern, several, or numbers are missing.
  init(_ all: [String], given: [String]?, path: String) throws(ImageFileError) {
    let folder = path.contains("*") ? path.lastIndex(of: "/").map { path[...$0] } ?? "" : path.hasSuffix("/") ? path[...] : "\(path)/"
    let parsed = all.map { Name($0) }
    let first = parsed[0]
    let series = Dictionary(grouping: parsed, by: \.texts)
    guard series.count == 1 else {
      let found = series.values.map { "\($0[0].pattern) (\($0.count))" }.sorted()
      let shown = found.prefix(5).joined(separator: ", ") + (found.count > 5 ? ", …" : "")
      throw ImageFileError(
        path: path, "holds TIFF files of \(found.count) series, and an image is one: \(shown)",
        hint: "name the files of one of them by a pattern, as '\(folder)\(first.pattern)', or move the others elsewhere")
    }
    let changing = first.numbers.indices.filter { place in parsed.contains { $0.numbers[place] != first.numbers[place] } }
    let letters = try Self.axes(changing.map { first.texts[$0] }, given: given, example: first.whole, path: path)
    // Times, then channels, then planes, as most formats have them.
    let order = changing.indices.sorted { "tcz".firstIndex(of: Character(letters[$0]))! < "tcz".firstIndex(of: Character(letters[$1]))! }
    let sorted = parsed.sorted { a, b in
      for place in order.map({ changing[$0] }) where a.numbers[place] != b.numbers[place] { return a.numbers[place] < b.numbers[place] }
      return a.whole < b.whole
    }
    names = sorted.map(\.whole)
    axes = []
    var values: [[Int]] = []
    for index in order {
      let place = changing[index]
      let own = Set(parsed.map { $0.numbers[place] }).sorted()
      let steps = zip(own.dropFirst(), own).map(-)
      // Channels may be numbered as wavelengths.
      if letters[index] != "c", let gap = steps.firstIndex(where: { $0 != steps[0] }) {
        // The shortest step is the usual one.
        let wide = steps[gap] > steps[0] ? gap : 0
        throw ImageFileError(
          path: path,
          "lacks files: the numbers along \(letters[index]) go from \(own[wide]) to \(own[wide + 1]), elsewhere by \(steps.min() ?? 1)",
          hint: "copy the missing files, or number the others without a gap")
      }
      axes.append((letters[index], own.count))
      values.append(own)
    }
    let places = order.map { changing[$0] }
    for (number, file) in sorted.enumerated() {
      let found = places.map { file.numbers[$0] }
      if number > 0, found == places.map({ sorted[number - 1].numbers[$0] }) {
        throw ImageFileError(
          path: path, "holds two files of one number: \(sorted[number - 1].whole) and \(file.whole)",
          hint: "move what does not belong there elsewhere")
      }
      var (rest, wanted) = (number, [Int]())
      for own in values.reversed() {
        wanted.insert(own[rest % own.count], at: 0)
        rest /= own.count
      }
      guard rest == 0, found == wanted else { throw Self.lacking(wanted, axes, path) }
    }
    if values.map(\.count).reduce(1, *) > sorted.count { throw Self.lacking(values.map { $0[$0.count - 1] }, axes, path) }
  }

  private static func lacking(_ place: [Int], _ axes: [(name: String, length: Int)], _ path: String) -> ImageFileError {
    let text = zip(axes, place).map { "\($0.name) \($1)" }.joined(separator: ", ")
    return ImageFileError(
      path: path, "lacks the file at \(text)", hint: "copy it again from its source, or move what does not belong there elsewhere")
  }

  /// What numbers count, by the letters before them.
  private static func axes(_ texts: [String], given: [String]?, example: String, path: String) throws(ImageFileError) -> [String] {
    let way = "name what they count, in their order and before the axes of each file, as --axes tzyx"
    if let given {
      guard given.count == texts.count, Set(given).count == given.count, given.allSatisfy({ ["t", "c", "z"].contains($0) }) else {
        throw ImageFileError(
          path: path, "has \(texts.count) numbers that change in names as \(example), and --axes names \(given.joined()) for them",
          hint: way)
      }
      return given
    }
    let tags = [
      ("t", ["t", "tp", "time", "timepoint", "frame", "tl"]), ("c", ["c", "ch", "chn", "channel", "w", "wave", "wavelength"]),
      ("z", ["z", "slice", "plane", "section", "depth", "layer"]),
    ]
    let found = texts.map { text -> String? in
      let separators: Set<Character> = ["_", "-", " ", ".", "="]
      var letters = text[...]
      while let last = letters.last, separators.contains(last) { letters.removeLast() }
      let word = String(letters.reversed().prefix { $0.isLetter }.reversed()).lowercased()
      return tags.first { $0.1.contains(word) }?.0
    }
    if texts.count == 1 { return [found[0] ?? "z"] }
    let known = found.compactMap(\.self)
    guard known.count == texts.count, Set(known).count == known.count else {
      throw ImageFileError(
        path: path, "has \(texts.count) numbers that change in names as \(example), and does not tell what they count", hint: way)
    }
    return known
  }
}
