// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// One page that needs nothing else: style and script are in it, nothing is fetched.
struct Page {
  let title: String
  let sections: [Section]

  /// A part of the page with a heading.
  struct Section {
    /// Names it in links.
    let id: String
    let title: String
    let body: HTML
  }

  var html: HTML {
    let links: [HTML] = sections.map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>" }
    let parts: [HTML] = sections.map {
      "<section id=\"\($0.id)\" aria-labelledby=\"\($0.id)-title\"><h2 id=\"\($0.id)-title\">\($0.title)</h2>\n\($0.body)\n</section>\n"
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
      <meta name="generator" content="Weft">
      <title>\(title)</title>
      <link rel="icon" href="data:,">
      <style>\(HTML(trusted: Self.style))</style>
      </head>
      <body>
      <a class="skip" href="#summary">Skip to the summary</a>
      <header><p class="kind">Registration report</p><h1>\(title)</h1>
      <nav aria-label="Parts of the report"><ul>\(links)</ul></nav></header>
      <main>
      \(parts)</main>
      <script>\(HTML(trusted: Self.script))</script>
      </body>
      </html>

      """
  }

  private static let style = String(decoding: PackageResources.report_css, as: UTF8.self)
  private static let script = String(decoding: PackageResources.report_js, as: UTF8.self)
}
