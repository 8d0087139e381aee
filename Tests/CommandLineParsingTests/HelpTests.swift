// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Testing

struct HelpTests {
  @Test func shortHelpHasALineAnOption() {
    #expect(
      Help.text(for: Paint.command.description, of: "house", isFull: false) == """
        house paint: paint a wall

        Usage:
          house paint WALL [CEILING] [options]

        Arguments:
          WALL                  the wall to paint
          CEILING               the ceiling above it

        Paint:
          --colour, -c NAME     red, green or blue [default: green]
          --coats, -n COUNT     How many coats [default: 2]
          --thickness MM        Thickness of a coat in millimetres [default: 0.5]
          --budget EUROS        What it may cost [default: no limit]

        Tools:
          --brush FILE          A brush; may be given several times
          --corners LEFT RIGHT  Centimetres to leave free
          --dry-run             Paint nothing
          --quiet, -q           Say nothing

        Help:
          --help, -h            Show this help; -h in short, --help in full

        See `house paint --help` for more on each option, and for examples

        """)
  }

  @Test func fullHelpTeaches() {
    let text = Help.text(for: Paint.command.description, of: "house", isFull: true)
    #expect(text.contains("A wall is painted from top to bottom"))
    #expect(text.contains("Green calms."))
    #expect(text.contains("  # paint the north wall blue\n  house paint north --colour blue"))
  }

  @Test func noLineOfHelpIsWiderThanATerminal() {
    var command = Paint.command
    command.discussion = [String](repeating: "word", count: 200).split(separator: " ").map { $0.joined(separator: " ") }
    let text = Help.text(for: command.description, of: "house", isFull: true)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func toolHelpListsTheCommands() {
    #expect(
      Help.text(for: Paint.tool) == """
        house: keep a house

        Usage:
          house COMMAND [arguments] [options]

        Commands:
          paint       paint a wall
          plan paint  plan painting
          plan roof   plan a roof

        General:
          --version   Print the version
          --help, -h  Show this help

        See `house paint --help`

        """)
  }
}

struct CompletionTests {
  @Test(arguments: Shell.allCases)
  func everyOptionIsOffered(shell: Shell) {
    let script = Completions.script(for: Paint.tool, shell: shell)
    for option in Paint.command.description.options {
      let long = shell == .fish ? "-l " + option.names[0].dropFirst(2) : option.names[0]
      #expect(script.contains(long))
    }
    #expect(script.contains("red green blue"))
    #expect(script.contains("roof"))
  }

  @Test func theReferenceHasEveryOptionWithItsDefault() {
    let page = Reference.markdown(for: Paint.tool)
    #expect(page.contains("| `--coats, -n COUNT` | How many coats | 2 |"))
    #expect(page.contains("| `--budget EUROS` | What it may cost | no limit |"))
    #expect(page.contains("- [`house plan roof`](#house-plan-roof): plan a roof"))
  }
}
