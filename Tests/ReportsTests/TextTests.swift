// SPDX-License-Identifier: Apache-2.0

import Reports
import Testing

struct TextTests {
  private static let hostile = "<script>alert('a & b')</script>\"\u{0}\u{202E}"

  @Test func whatIsPutIntoAPageIsEscaped() {
    let page: HTML = "<p title=\"\(Self.hostile)\">\(Self.hostile)</p>"
    #expect(page.text.count(of: "<") == 2 && page.text.count(of: "\"") == 2 && page.text.count(of: "'") == 0)
    #expect(page.text.contains("&lt;script&gt;alert(&#39;a &amp; b&#39;)&lt;/script&gt;&quot;\u{FFFD}\u{FFFD}"))
  }

  @Test func aPieceOfAPageIsEscapedOnce() {
    let inner: HTML = "<b>\("a<b")</b>"
    let page: HTML = "<p>\(inner)\([inner, inner])\(inner as HTML?)\(3)</p>"
    #expect(page.text == "<p>" + String(repeating: "<b>a&lt;b</b>", count: 4) + "3</p>")
  }

  @Test func lettersOfAllScriptsStay() {
    #expect(HTML.escaped("µm Å 脳 🧠\tnew\nline") == "µm Å 脳 🧠\tnew\nline")
  }
}
