// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reports
import TestSupport
import Testing

/// `blocks.csv` and what is drawn of it.
struct BlockTests {
  private func table(_ text: String, rank: Int = 3) throws -> RecordedBlocks {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("blocks.csv")
      try Data(text.utf8).write(to: file)
      return try RecordedBlocks(contentsOf: file.path, rank: rank)
    }
  }

  private let judged = """
    verdict,block,index_y,index_x,start_y,start_x,stop_y,stop_x,state,metric_before,metric_after,reason,ncc_after,scale,widened,message
    good,0,0,0,0,0,8,8,registered,0.5,0.9,,0.91,1,0,
    weak,1,0,1,0,8,8,16,registered,0.2,0.25,"low, and <little> to go by",0.3,1,0,
    folded,2,1,0,8,0,16,8,registered,0.6,0.8,,,1,1,
    no-gain,3,1,1,8,8,16,16,no-gain,0.1,0.1,,0.1,1,0,
    failed,0,0,0,0,0,16,16,failed,,,,,4,0,out of memory

    """

  @Test func columnsAreFoundByTheirNames() throws {
    let table = try table(judged, rank: 2)
    #expect(table.isJudged && table.blocks.count == 4 && table.coarserCount == 1)
    #expect(table.measures == ["metric_before", "metric_after", "ncc_after", "widened"])
    #expect(table.blocks[1].reason == "low, and <little> to go by" && table.blocks[1].verdict.name == "weak")
    #expect(table.blocks[2].index == [1, 0] && table.blocks[2].values["ncc_after"] == nil)
    #expect(table.blocks[0].quality == 0.9)
  }

  @Test func thoseToLookAtComeFirst() throws {
    #expect(try table(judged, rank: 2).worstFirst.map(\.number) == [2, 1, 3, 0])
  }

  @Test func withoutVerdictsTheStateIsToldAndNothingIsCalledGood() throws {
    let text = judged.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
    }.joined(separator: "\n")
    let table = try table(text, rank: 2)
    #expect(!table.isJudged && table.blocks.map(\.verdict.name) == ["registered", "registered", "registered", "no-gain"])
    // A block that gained nothing may fit: only who judges it knows.
    #expect(table.blocks.prefix(3).allSatisfy { !$0.verdict.isFlagged })
  }

  @Test func aDamagedTableIsNamedWithItsLine() throws {
    for (wrong, part) in [
      (judged.replacingOccurrences(of: "weak,1,0,1", with: "weak,1,0,one"), "line 3"),
      (judged.replacingOccurrences(of: "good,0,0,0,0,0,8,8,", with: "good,0,0,0,0,"), "line 2"),
      (judged.replacingOccurrences(of: ",state,", with: ",condition,"), "`state`"), ("", "empty"),
    ] {
      #expect { try table(wrong, rank: 2) } throws: { error in
        error.localizedDescription.contains(part) && error.localizedDescription.contains("blocks.csv")
      }
    }
  }

  @Test func theMapOfAFlatGridHasOneCellABlock() throws {
    let map = HeatMap(try table(judged, rank: 2).blocks, rank: 2)
    #expect(map.cells.map { [$0.row, $0.column] } == [[0, 0], [0, 1], [1, 0], [1, 1]])
    #expect(map.cells.map(\.verdict.name) == ["good", "weak", "folded", "no-gain"] && map.cells[1].quality == 0.25)
    let drawn = map.html(MetricScale([0.1, 0.9]), name: "Each block").text
    #expect(drawn.count(of: "<rect") == 4 && drawn.count(of: "<title>") == 4)
    #expect(drawn.contains("low, and &lt;little&gt; to go by"))
  }

  @Test func layersOfAGridHaveOneCellABlockAndProjectionsTheWorstOfEachLine() throws {
    let head = "block,index_z,index_y,index_x,start_z,start_y,start_x,stop_z,stop_y,stop_x,state,metric_before,metric_after\n"
    var rows = ""
    for number in 0..<24 {
      let (z, y, x) = (number / 12, number / 4 % 3, number % 4)
      let state = number == 17 ? "failed" : "registered"
      rows += "\(number),\(z),\(y),\(x),\(z),\(y),\(x),\(z + 1),\(y + 1),\(x + 1),\(state),0.1,\(0.5 + Double(number) / 100)\n"
    }
    let blocks = try table(head + rows).blocks
    for layer in 0..<2 {
      let map = HeatMap(blocks, rank: 3, normal: 0, layer: layer)
      #expect(map.cells.count == 12 && map.rows == 3 && map.columns == 4)
    }
    for (normal, count) in [(0, 12), (1, 8), (2, 6)] {
      let map = HeatMap(blocks, rank: 3, normal: normal)
      #expect(map.cells.count == count)
      #expect(map.cells.count { $0.verdict.name == "failed" } == 1)
      #expect(map.cells[0].quality == 0.5)
    }
  }
}
