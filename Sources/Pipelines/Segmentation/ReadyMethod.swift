// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Segmentation

/// A method with all that it needs to run: built-in, or in programs that were started to be asked what they need.
struct ReadyMethod {
  let segmenter: any Segmenter
  let requirements: SegmenterRequirements
  /// The programs that run; `nil` for a built-in method.
  let workers: WorkerPool?
  /// What the program says of itself, with versions; `nil` for a built-in method.
  let programText: String?
  /// What the results depend on beside the image, the tiles and the diameter.
  let parameters: [String: String]

  /// - Parameter known: what the program said of itself when the run was planned; it need not be started to be asked.
  /// - Throws: `PipelineError` where an option is missing; `WorkerError` where the program cannot be started.
  init(_ options: SegmentationOptions, diameter: [Double]?, rank: Int, known: WorkerDescription? = nil) throws {
    var parameters = ["method": options.method.rawValue, "threshold": options.threshold.map { "\($0)" } ?? "auto"]
    switch options.method {
    case .threshold:
      segmenter = ThresholdSegmenter(thresholds: options.threshold.map { [$0] })
      (workers, programText) = (nil, nil)
    case .watershed:
      guard let diameter else {
        throw PipelineError(
          "the method `watershed` needs the usual diameter of an object",
          hint: "give it in voxels, as --diameter 12, or as a length, --diameter 8um")
      }
      guard diameter.allSatisfy({ $0 >= 1 }) else {
        throw PipelineError(
          "a diameter of \(diameter.map { "\($0)" }.joined(separator: "×")) voxels (slowest axis first) is less than a voxel",
          hint: "give the diameter of the objects, in voxels or as 8um")
      }
      var watershed = WatershedSegmenter(diameter: diameter)
      watershed.threshold = options.threshold
      segmenter = watershed
      (workers, programText) = (nil, nil)
    case .cellpose, .stardist, .command:
      var program = options.program
      program.diameter = diameter
      let workerOptions = try program.workerOptions(rank: rank, threads: options.askedThreads)
      let said: WorkerDescription
      if options.method == .command {
        guard let command = options.program.command else {
          throw PipelineError("the method `command` needs a program", hint: "name it, as --command 'python my.py'")
        }
        let own = CommandSegmenter(command: command, options: workerOptions)
        own.workers.expect(known)
        (segmenter, workers, said) = (own, own.workers, try own.describe())
        parameters["command"] = command
      } else {
        let own = PythonSegmenter(options.method == .cellpose ? .cellpose : .stardist, options: workerOptions)
        own.workers.expect(known)
        (segmenter, workers, said) = (own, own.workers, try own.describe())
        parameters["python"] = options.program.python
      }
      programText = said.text
      parameters.merge(program.parameters(said)) { $1 }
    }
    requirements = segmenter.requirements
    self.parameters = parameters
  }

  /// All that the program says of itself; `nil` for a built-in method.
  var description: WorkerDescription? { try? workers?.describe() }

  /// Lets programs end, and says what they printed where they should not have.
  func shutdown(_ progress: any ProgressReporter) {
    workers?.end(progress)
  }
}
