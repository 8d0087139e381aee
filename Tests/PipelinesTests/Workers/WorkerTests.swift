// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import Synchronization
import TestSupport
import Testing
import Volumes

struct WorkerTests {
  @Test func aProgramGetsItsTileAndItsLabelsComeBack() throws {
    try withTemporaryFolder { folder in
      let script = try WorkerScript(folder, body: "answer(request, [int(v) % 7 for v in tile(request)], 'uint8')")
      let method = try script.segmenter {
        $0.diameter = [8, 9]
        $0.model = "my model"
        $0.settings = [
          ("a", "1"), ("b", "0.5"), ("c", "True"), ("d", "[1, 2]"), ("e", "text"), ("f", ".5"), ("a", "2"), ("g", "{\"h\": null}"),
        ]
      }
      let (tile, context) = rampTile()
      let labels = try method.segment(tile, context)
      #expect(labels == VoxelBuffer(extent: [4, 5], elements: (0..<20).map { UInt32($0 % 7) }))
      method.shutdown()

      let messages = try script.messages()
      try #require(messages.count == 2)
      let request = messages[1]
      #expect(request["type"] as? String == "segment")
      #expect(request["shape"] as? [Int] == [1, 4, 5])
      #expect(request["axes"] as? String == "cyx")
      #expect(request["dtype"] as? String == "float32")
      #expect(request["lohi"] as? [[Double]] == [[10, 998]])
      #expect(request["diameter"] as? [Double] == [8, 9])
      #expect(request["spacing"] as? [Double] == [0.5, 0.5])
      #expect(request["offset"] as? [Int] == [3, 3])
      #expect(messages[0]["protocol"] as? Int == 1)
      #expect(messages[0]["model"] as? String == "my model")
      #expect(messages[0]["gpu"] as? Bool == false)
      #expect(messages[0]["rank"] is NSNull)
      let settings = try #require(request["settings"] as? [String: Any])
      #expect(settings["a"] as? Int == 2 && settings["b"] as? Double == 0.5 && settings["c"] as? Bool == true)
      #expect(settings["d"] as? [Int] == [1, 2] && settings["e"] as? String == "text" && settings["f"] as? Double == 0.5)
    }
  }

  @Test func aTileOfSeveralChannelsInThreeDimensionsArrivesWhole() throws {
    try withTemporaryFolder { folder in
      let body = "v = tile(request)\nn = len(v) // 2\nanswer(request, [int(v[i] + v[n + i]) for i in range(n)])"
      let method = try WorkerScript(folder, body: body).segmenter()
      let (tile, context) = rampTile([3, 4, 5], channels: 2)
      #expect(try method.segment(tile, context).elements == (0..<60).map { UInt32(2 * $0) })
      method.shutdown()
    }
  }

  @Test func requirementsAreWhatTheProgramSays() throws {
    try withTemporaryFolder { folder in
      let ready = "'version': '1.2', 'ranks': [2], 'channels': [1, 3], 'stride': 16, 'receptive_field': [40, 41], 'fixed_bytes': 7e8, "
      let method = try WorkerScript(folder, ready: ready + "'bytes_per_voxel': 2.5, 'packages': {'numpy': '2'}").segmenter()
      var wanted = SegmenterRequirements()
      wanted.ranks = 2...2
      wanted.channels = 1...3
      wanted.stride = [16, 16]
      wanted.receptiveField = [40, 41]
      wanted.fixedBytes = 700_000_000
      wanted.bytesPerVoxel = 2.5
      #expect(method.requirements == wanted)
      #expect(try method.describe().version == "1.2")
      #expect(try method.describe().packages == ["numpy": "2"])
      method.shutdown()
    }
  }

  @Test(arguments: [
    "'stride': 0", "'stride': 'x'", "'ranks': [4]", "'ranks': []", "'channels': [0, 1]", "'fixed_bytes': -1",
    "'stride': [16]", "'stride': []", "'receptive_field': [4, 4, 4]",
  ])
  func requirementsThatAreNoneAreRefused(ready: String) throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, ready: ready).segmenter { $0.rank = 2 }
      let error = try #require(workerError { try method.describe() })
      #expect(error.kind == .conversation)
      #expect(error.message.contains("`" + ready.split(separator: "'")[0] + "`"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func aProgramOfAnotherProtocolIsRefused() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, ready: "'protocol': 2").segmenter()
      let (tile, context) = rampTile()
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.kind == .conversation)
      #expect(error.message.contains("version 2") && error.message.contains("version 1"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func aProgramThatDiesIsStartedAgain() throws {
    try withTemporaryFolder { folder in
      let marker = folder.appendingPathComponent("died").path
      let body = """
        if count == 2 and not os.path.exists('\(marker)'):
            open('\(marker)', 'w').close()
            sys.stderr.write('the second tile is too much\\n')
            os._exit(3)
        answer(request, [os.getpid()] * voxels(request))
        """
      let method = try WorkerScript(folder, body: body).segmenter()
      let (tile, context) = rampTile()
      let first = try method.segment(tile, context)
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.kind == .crash && error.mayRetry)
      #expect(error.message.hasSuffix("ended with status 3 in the middle of a tile: the second tile is too much"), "\(error.message)")
      let again = try method.segment(tile, context)
      #expect(again.elements[0] != first.elements[0] && again.elements[0] > 0)
      method.shutdown()
    }
  }

  @Test func someDeathsInARowAreNotTriedAgain() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: "os.kill(os.getpid(), 11)").segmenter()
      let (tile, context) = rampTile()
      let errors = (0..<3).compactMap { _ in workerError { try method.segment(tile, context) } }
      #expect(errors.map(\.mayRetry) == [true, true, false])
      #expect(errors.last?.message.contains("signal 11") == true && errors.last?.message.contains("3 times in a row") == true)
      method.shutdown()
    }
  }

  @Test func aProgramThatHangsIsEnded() throws {
    try withTemporaryFolder { folder in
      let body = "sys.stderr.write('thinking\\n')\nsys.stderr.flush()\ntime.sleep(1000)"
      let method = try WorkerScript(folder, body: body).segmenter { $0.timeout = 2 }
      let (tile, context) = rampTile()
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.kind == .timeout && !error.mayRetry)
      #expect(error.message.contains("longer than 2 s"), "\(error.message)")
      #expect(error.hint?.contains("thinking") == true, "\(error.hint ?? "")")
      method.shutdown()
    }
  }

  @Test func whatIsPrintedIsPassedOverAndTold() throws {
    try withTemporaryFolder { folder in
      let body = "print('tile', count)\nprint('{\"event\": \"progress\"}')\nanswer(request, [1] * voxels(request))"
      let method = try WorkerScript(folder, start: "print('hello')", body: body).segmenter()
      let (tile, context) = rampTile()
      for _ in 0..<2 { #expect(try method.segment(tile, context).elements.allSatisfy { $0 == 1 }) }
      let warning = try #require(method.workers.warnings.first)
      #expect(warning.contains("5 lines") && warning.hasSuffix("the first: hello"), "\(warning)")
      method.shutdown()
    }
  }

  @Test func aMessageAfterGarbageWithoutAnEndOfLineIsFound() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: "sys.stdout.write('{10 %}\\r')\nanswer(request, [2] * voxels(request))").segmenter()
      let (tile, context) = rampTile()
      #expect(try method.segment(tile, context).elements.allSatisfy { $0 == 2 })
      #expect(method.workers.warnings.count == 1)
      method.shutdown()
    }
  }

  @Test func aLineWithoutEndIsAnError() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: "sys.stdout.write('x' * (9 << 20))\nsys.stdout.flush()\ntime.sleep(1000)").segmenter()
      let (tile, context) = rampTile()
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.kind == .conversation && error.message.contains("without an end of line"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func aProgramThatFailsAtItsStartShowsTheLastLine() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, start: "import no_such_module_anywhere").segmenter()
      let error = try #require(workerError { try method.describe() })
      #expect(error.kind == .start && !error.mayRetry)
      #expect(error.message.contains("status 1 before it was ready: ModuleNotFoundError: No module named 'no_such_module_anywhere'"))
      #expect(error.details?.contains("Traceback") == true)
      #expect(method.requirements == SegmenterRequirements())
      method.shutdown()
    }
  }

  @Test(arguments: [
    ("true", "status 0"), ("no-such-program-anywhere", "status 127"), ("exec 1>&-; exec sleep 1000", "closed its standard input"),
  ])
  func aCommandThatIsNoProgramIsTold(command: String, message: String) throws {
    try withTemporaryFolder { folder in
      let method = CommandSegmenter(command: command, options: try WorkerScript.options(folder))
      let error = try #require(workerError { try method.describe() })
      #expect(error.kind == .start && error.message.contains("`\(command)`") && error.message.contains(message), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func aProgramThatNeverIsReadyIsEnded() throws {
    try withTemporaryFolder { folder in
      let options = try WorkerScript.options(folder) {
        $0.startTimeout = 0.3
        $0.timeout = nil
      }
      let method = CommandSegmenter(command: "sleep 1000", options: options)
      let error = try #require(workerError { try method.describe() })
      #expect(error.kind == .timeout && error.message.contains("was not ready after 0.3 s"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func aProgramThatTakesNoInputIsNoSignal() throws {
    try withTemporaryFolder { folder in
      let script = try WorkerScript(folder, start: "os.close(0)", ready: "}); time.sleep(1000); say({")
      let closing = CommandSegmenter(command: "exec " + script.command, options: try WorkerScript.options(folder))
      let (tile, context) = rampTile()
      let error = try #require(workerError { try closing.segment(tile, context) })
      #expect(error.kind == .crash && error.message.contains("closed its standard input"), "\(error.message)")
      closing.shutdown()
    }
  }

  @Test func aPythonThatIsNotThereIsTold() throws {
    try withTemporaryFolder { folder in
      let options = try WorkerScript.options(folder) { $0.python = "/no/such/python" }
      let error = try #require(workerError { try PythonSegmenter(.cellpose, options: options).describe() })
      #expect(error.kind == .start && error.message.contains("`/no/such/python` cannot be started: No such file"), "\(error.message)")
    }
  }

  @Test func twoTilesAtOnceAreWorkedOnByTwoPrograms() throws {
    try withTemporaryFolder { folder in
      // Each waits for the other one: with one program alone neither would end.
      let body = """
        open('\(folder.path)/arrived-%d' % os.getpid(), 'w').close()
        while len([n for n in os.listdir('\(folder.path)') if n.startswith('arrived')]) < 2: time.sleep(0.01)
        answer(request, [os.getpid()] * voxels(request))
        """
      let method = try WorkerScript(folder, body: body).segmenter { $0.slots = 2 }
      let (tile, context) = rampTile()
      let found = Mutex<Set<UInt32>>([])
      DispatchQueue.concurrentPerform(iterations: 2) { _ in
        if let label = try? method.segment(tile, context).elements[0] { found.withLock { _ = $0.insert(label) } }
      }
      #expect(found.withLock { $0.count } == 2)
      method.shutdown()
    }
  }

  @Test func moreTilesThanProgramsWaitForAFreeOne() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: "answer(request, [int(v) for v in tile(request)])").segmenter { $0.slots = 2 }
      let right = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: 16) { number in
        let (tile, context) = rampTile([1 + number, 7])
        let labels = try? method.segment(tile, context)
        if labels?.elements == (0..<7 * (1 + number)).map(UInt32.init) { right.add(1, ordering: .relaxed) }
      }
      #expect(right.load(ordering: .relaxed) == 16)
      method.shutdown()
    }
  }

  @Test func shutdownEndsProgramsAndRemovesTheirFiles() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: "answer(request, [os.getpid()] * voxels(request))").segmenter()
      let (tile, context) = rampTile()
      let identifier = try method.segment(tile, context).elements[0]
      #expect(kill(pid_t(identifier), 0) == 0)
      method.shutdown()
      #expect(kill(pid_t(identifier), 0) != 0)
      let left = (try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("tiles").path)) ?? []
      #expect(left.isEmpty, "\(left)")
      #expect(try method.segment(tile, context).elements[0] != identifier)
      method.shutdown()
    }
  }

  @Test func cancelEndsATileUnderWayAndWhatTheProgramStarted() throws {
    try withTemporaryFolder { folder in
      let started = folder.appendingPathComponent("started").path
      let body = """
        import subprocess
        child = subprocess.Popen(['sleep', '1000'])
        with open('\(started).part', 'w') as file: file.write(str(child.pid))
        os.rename('\(started).part', '\(started)')
        time.sleep(1000)
        """
      let method = try WorkerScript(folder, body: body).segmenter()
      Thread.detachNewThread {
        while !FileManager.default.fileExists(atPath: started) { usleep(5000) }
        method.workers.cancel()
      }
      let (tile, context) = rampTile()
      #expect(workerError { try method.segment(tile, context) }?.kind == .cancelled)
      #expect(workerError { try method.segment(tile, context) }?.kind == .cancelled)
      let child = try #require(pid_t(String(contentsOfFile: started, encoding: .utf8)))
      // It is collected by the system, soon.
      var tries = 0
      while kill(child, 0) == 0 && !isZombie(child) && tries < 1000 {
        usleep(5000)
        tries += 1
      }
      #expect(kill(child, 0) != 0 || isZombie(child))
      method.shutdown()
    }
  }

  private func isZombie(_ identifier: pid_t) -> Bool {
    let text = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
    return text.contains(") Z ")
  }

  @Test func anErrorOfTheProgramIsTheTilesAlone() throws {
    try withTemporaryFolder { folder in
      let body = """
        if count == 1: say({'type': 'error', 'id': request['id'], 'kind': 'oom', 'message': 'CUDA out of memory'})
        elif count == 2: say({'type': 'error', 'id': request['id'], 'kind': 'input', 'message': 'no', 'hint': 'do'})
        elif count == 3: say({'type': 'error', 'id': request['id'], 'message': 'oh', 'traceback': 'a\\nb'})
        else: answer(request, [count] * voxels(request))
        """
      let method = try WorkerScript(folder, body: body).segmenter()
      let (tile, context) = rampTile()
      let errors = (0..<3).compactMap { _ in workerError { try method.segment(tile, context) } }
      #expect(errors.map(\.kind) == [.memory, .input, .failure])
      #expect(errors[1].message.hasSuffix("refuses the tile: no") && errors[1].hint == "do")
      #expect(errors[2].details == "a\nb" && errors[2].hint?.contains("b") == true)
      #expect(try method.segment(tile, context).elements[0] == 4)
      method.shutdown()
    }
  }

  @Test func anAnswerToAnotherRequestIsRefused() throws {
    try withTemporaryFolder { folder in
      let method = try WorkerScript(folder, body: "request['id'] += 1\nanswer(request, [1] * voxels(request))").segmenter()
      let (tile, context) = rampTile()
      let error = try #require(workerError { try method.segment(tile, context) })
      #expect(error.kind == .conversation && error.message.contains("request 2, where request 1"), "\(error.message)")
      method.shutdown()
    }
  }

  @Test func standardErrorIsReadHoweverMuchComes() throws {
    try withTemporaryFolder { folder in
      let body =
        "sys.stderr.write('noise\\n' * 100000 + 'last words\\n')\nif count == 2: os._exit(1)\nanswer(request, [1] * voxels(request))"
      let method = try WorkerScript(folder, body: body).segmenter()
      let (tile, context) = rampTile()
      #expect(try method.segment(tile, context).elements[0] == 1)
      #expect(workerError { try method.segment(tile, context) }?.message.hasSuffix("last words") == true)
      method.shutdown()
    }
  }
}
