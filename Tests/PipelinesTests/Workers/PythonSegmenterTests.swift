// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import TestSupport
import Testing
import Volumes

/// How Cellpose and StarDist are called, with modules in their place that write down their calls.
@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct PythonSegmenterTests {
  private struct Call {
    var arguments: [String: Any]
    var shape: [Int] { arguments["shape"] as? [Int] ?? [] }
    subscript(name: String) -> Any? { arguments[name] }
  }

  /// A Python that finds modules in `folder` in place of those that are installed.
  private func fakePython(_ folder: URL, _ modules: [String: String]) throws -> String {
    let packages = folder.appendingPathComponent("packages")
    for (name, code) in modules {
      let file = packages.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try code.write(to: file, atomically: true, encoding: .utf8)
    }
    let script = folder.appendingPathComponent("python")
    let home = folder.appendingPathComponent("home").path
    try """
    #!/bin/sh
    export PYTHONPATH='\(packages.path)':"$PYTHONPATH" HOME='\(home)' CALLS='\(folder.path)/calls.jsonl'
    unset CELLPOSE_LOCAL_MODELS_PATH KERAS_HOME
    exec '\(python ?? "")' "$@"
    """.write(to: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
    return script.path
  }

  private func calls(_ folder: URL) throws -> [Call] {
    try String(contentsOf: folder.appendingPathComponent("calls.jsonl"), encoding: .utf8).split(separator: "\n").map {
      Call(arguments: try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:])
    }
  }

  private static let note = """
    import json, os
    def note(**values):
        with open(os.environ["CALLS"], "a") as file: file.write(json.dumps(values, default=str) + "\\n")
    """

  private static func cellpose(_ version: Int) -> [String: String] {
    let channels = version == 3 ? "channels=None, " : ""
    return [
      "cellpose/__init__.py": "",
      "cellpose-\(version).1.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: cellpose\nVersion: \(version).1.1\n",
      "cellpose/models.py": note + """

        print("a library that prints")
        class CellposeModel:
            def __init__(self, gpu=False, pretrained_model="cpsam"):
                note(gpu=gpu, pretrained_model=pretrained_model)
            def eval(self, x, batch_size=8, \(channels)channel_axis=None, z_axis=None, normalize=True, diameter=None, flow_threshold=0.4,
                     do_3D=False, anisotropy=None, stitch_threshold=0.0, max_size_fraction=0.4):
                values = dict(locals())
                values.pop("self")
                x = values.pop("x")
                note(shape=x.shape, dtype=str(x.dtype), least=float(x.min()), most=float(x.max()), **values)
                spatial = [n for i, n in enumerate(x.shape) if i != channel_axis]
                import numpy
                return numpy.arange(int(numpy.prod(spatial)), dtype="uint16").reshape(spatial).squeeze(), None, None
        """,
    ]
  }

  @Test(arguments: [3, 4], [1, 2])
  func cellposeIsCalledOnPlanes(version: Int, channels: Int) throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(at: folder.appendingPathComponent("home/.cellpose/models"), withIntermediateDirectories: true)
      let model = folder.appendingPathComponent("home/.cellpose/models/mine")
      try Data([1]).write(to: model)
      let options = try WorkerScript.options(folder) {
        $0.python = try! fakePython(folder, Self.cellpose(version))
        $0.model = "mine"
        $0.settings = [("flow_threshold", "0.6"), ("batch_size", "4")]
        $0.diameter = [20, 24]
        $0.rank = 2
      }
      let method = PythonSegmenter(.cellpose, options: options)
      let (tile, context) = rampTile([4, 5], channels: channels)
      #expect(try method.segment(tile, context).elements == (0..<20).map(UInt32.init))
      let said = try method.describe()
      #expect(
        said.version == "\(version).1.1" && said.name == "Cellpose \(version), model mine" && said.packages["cellpose"] == said.version)
      #expect(method.requirements.channels == (version == 3 ? 1...2 : 1...3))
      method.shutdown()

      let calls = try calls(folder)
      try #require(calls.count == 2)
      #expect(calls[0]["gpu"] as? Bool == false && (calls[0]["pretrained_model"] as? String)?.hasSuffix("/models/mine") == true)
      #expect(calls[1].shape == (channels == 1 ? [4, 5] : [2, 4, 5]))
      #expect(calls[1]["normalize"] as? Bool == false && calls[1]["dtype"] as? String == "float32")
      #expect(abs((calls[1]["least"] as? Double ?? 9) + 10.0 / 988) < 1e-6 && abs((calls[1]["most"] as? Double ?? 9) - 9.0 / 988) < 1e-6)
      #expect(calls[1]["channels"] as? [Int] == (version == 4 ? nil : channels == 1 ? [0, 0] : [1, 2]))
      #expect(calls[1]["channel_axis"] as? Int == (channels == 1 ? nil : 0))
      #expect(calls[1]["diameter"] as? Double == 22 && calls[1]["flow_threshold"] as? Double == 0.6 && calls[1]["batch_size"] as? Int == 4)
      #expect(calls[1]["do_3D"] as? Bool == false && calls[1]["z_axis"] is NSNull && calls[1]["max_size_fraction"] as? Double == 1)
    }
  }

  @Test(arguments: [3, 4], [1, 2])
  func cellposeIsCalledOnVolumes(version: Int, channels: Int) throws {
    try withTemporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try Data([1]).write(to: model)
      let options = try WorkerScript.options(folder) {
        $0.python = try! fakePython(folder, Self.cellpose(version))
        $0.model = model.path
      }
      let method = PythonSegmenter(.cellpose, options: options)
      let (tile, context) = rampTile([3, 4, 5], channels: channels)
      #expect(try method.segment(tile, context).elements == (0..<60).map(UInt32.init))
      // Cellpose drops axes of one voxel; the tile's come back.
      let (flat, _) = rampTile([1, 4, 5], channels: channels)
      #expect(try method.segment(flat, context).extent == [1, 4, 5])
      method.shutdown()
      let call = try calls(folder)[1]
      #expect(call.shape == (channels == 1 ? [3, 4, 5] : [3, 4, 5, 2]))
      #expect(call["do_3D"] as? Bool == true && call["z_axis"] as? Int == 0 && call["anisotropy"] as? Double == 4)
      #expect(call["channel_axis"] as? Int == (channels == 1 ? nil : 3) && call["diameter"] is NSNull)
    }
  }

  /// A stand-in for PyTorch that finds a graphics processor, or none.
  private static func torch(hasGraphics: Bool) -> [String: String] {
    [
      "torch/__init__.py": """
      def set_num_threads(count): pass
      class cuda:
          is_available = staticmethod(lambda: \(hasGraphics ? "True" : "False"))
          max_memory_reserved = staticmethod(lambda: 123456789)
      class backends: pass
      """
    ]
  }

  @Test func theGraphicsProcessorIsCellposesToUse() throws {
    for hasGraphics in [true, false] {
      try withTemporaryFolder { folder in
        let model = folder.appendingPathComponent("model")
        try Data([1]).write(to: model)
        let options = try WorkerScript.options(folder) {
          $0.python = try! fakePython(folder, Self.cellpose(4).merging(Self.torch(hasGraphics: hasGraphics)) { $1 })
          ($0.model, $0.usesGPU) = (model.path, true)
        }
        let method = PythonSegmenter(.cellpose, options: options)
        defer { method.shutdown() }
        let (tile, context) = rampTile()
        guard hasGraphics else {
          let error = try #require(workerError { try method.describe() })
          #expect(error.kind == .start && error.message.contains("no graphics processor"), "\(error.message)")
          #expect(error.hint?.contains("--gpu") == true)
          return
        }
        _ = try method.segment(tile, context)
        #expect(try calls(folder)[0]["gpu"] as? Bool == true)
        #expect(method.workers.peakGraphicsMemory == 123_456_789)
      }
    }
  }

  @Test func aModelOfCellposeThatIsNotThereIsAnErrorAndNoDownload() throws {
    try withTemporaryFolder { folder in
      let models = folder.appendingPathComponent("home/.cellpose/models")
      try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
      let python = try fakePython(folder, Self.cellpose(4))
      func error(_ model: String?) throws -> WorkerError? {
        let options = try WorkerScript.options(folder) {
          $0.python = python
          $0.model = model
        }
        let method = PythonSegmenter(.cellpose, options: options)
        defer { method.shutdown() }
        return workerError { try method.describe() }
      }
      let empty = try #require(try error(nil))
      #expect(empty.kind == .start && empty.message.contains("cpsam_v2 is not there") && empty.message.contains("holds no model"))
      try Data([1]).write(to: models.appendingPathComponent("cyto2torch_0"))
      let missing = try #require(try error("/no/such/model"))
      #expect(
        missing.message.contains("there is no model /no/such/model") && missing.message.contains("holds cyto2torch_0"), "\(missing.message)"
      )
      #expect(missing.hint?.contains("downloads no model") == true)
      // No model was made.
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("calls.jsonl").path))
      #expect(try error("cyto2") == nil)
      #expect((try calls(folder)[0]["pretrained_model"] as? String)?.hasSuffix("cyto2torch_0") == true)
    }
  }

  @Test func aFileThatIsNoModelOfCellposeIsNamed() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("run.json")
      try Data("{}".utf8).write(to: file)
      var modules = Self.cellpose(4)
      modules["cellpose/models.py"] = modules["cellpose/models.py"]?.replacingOccurrences(
        of: "        note(gpu=gpu, pretrained_model=pretrained_model)",
        with: "        raise RuntimeError('Weights only load failed\\nmany lines')")
      let python = try fakePython(folder, modules)
      let options = try WorkerScript.options(folder) { ($0.python, $0.model) = (python, file.path) }
      let method = PythonSegmenter(.cellpose, options: options)
      defer { method.shutdown() }
      let error = try #require(workerError { try method.describe() })
      #expect(error.message.contains("\(file.path) cannot be loaded as a model of Cellpose 4"), "\(error.message)")
      #expect(error.message.hasSuffix("Weights only load failed") && error.hint?.contains("--model") == true, "\(error.message)")
    }
  }

  @Test(arguments: [("normalize", "is Weft's to give"), ("nonsense", "there is no setting `nonsense`")])
  func settingsThatCellposeDoesNotTakeAreRefusedAtTheStart(name: String, message: String) throws {
    try withTemporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try Data([1]).write(to: model)
      let options = try WorkerScript.options(folder) {
        $0.python = try! fakePython(folder, Self.cellpose(3))
        $0.model = model.path
        $0.settings = [(name, "1")]
      }
      let method = PythonSegmenter(.cellpose, options: options)
      let error = try #require(workerError { try method.describe() })
      #expect(error.kind == .start && error.message.contains(message), "\(error.message)")
      method.shutdown()
    }
  }

  @Test(arguments: [PythonSegmenter.Backend.cellpose, .stardist])
  func aMethodThatIsNotInstalledIsTold(backend: PythonSegmenter.Backend) throws {
    try withTemporaryFolder { folder in
      let model = folder.appendingPathComponent("model")
      try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
      try Data("{}".utf8).write(to: model.appendingPathComponent("config.json"))
      try Data([1]).write(to: model.appendingPathComponent("weights.h5"))
      let broken = "raise ImportError(\"No module named 'it'\")"
      let options = try WorkerScript.options(folder) {
        $0.python = try! fakePython(folder, ["cellpose/__init__.py": broken, "stardist/__init__.py": broken])
        $0.model = model.path
      }
      let method = PythonSegmenter(backend, options: options)
      let error = try #require(workerError { try method.describe() })
      #expect(
        error.kind == .start && error.message.contains("cannot be imported") && error.hint?.contains("--python") == true, "\(error.message)"
      )
      method.shutdown()
    }
  }

  private static let stardist = [
    "stardist/__init__.py": "",
    "stardist/models.py": note + """

      class StarDist2D:
          rank = 2
          def __init__(self, config, name=None, basedir="."):
              note(config=config, name=name, basedir=basedir, rank=self.rank)
              print("Loading network weights from 'weights_best.h5'.")
          @classmethod
          def from_pretrained(cls, name): raise AssertionError("a download")
          def _axes_div_by(self, axes): return (8, 16, 16)[-len(axes):]
          def _axes_tile_overlap(self, axes): return (40, 94, 94)[-len(axes):]
          def predict_instances(self, img, axes=None, normalizer="mine", sparse=True, prob_thresh=None, nms_thresh=None, n_tiles=None,
                                show_tile_progress=True, return_labels=True):
              note(shape=img.shape, dtype=str(img.dtype), axes=axes, normalizer=normalizer, prob_thresh=prob_thresh, n_tiles=n_tiles,
                   least=float(img.min()))
              import numpy
              shape = img.shape[:self.rank]
              return numpy.arange(int(numpy.prod(shape)), dtype="int32").reshape(shape), {}
      class StarDist3D(StarDist2D):
          rank = 3
      """,
  ]

  private func writeModel(_ folder: URL, rank: Int, channels: Int = 1) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("{\"n_dim\": \(rank), \"n_channel_in\": \(channels)}".utf8).write(to: folder.appendingPathComponent("config.json"))
    try Data([1]).write(to: folder.appendingPathComponent("weights_best.h5"))
  }

  @Test(arguments: [2, 3], [1, 2])
  func stardistIsCalled(rank: Int, channels: Int) throws {
    try withTemporaryFolder { folder in
      let model = folder.appendingPathComponent("nets/mine")
      try writeModel(model, rank: rank, channels: channels)
      let options = try WorkerScript.options(folder) {
        $0.python = try! fakePython(folder, Self.stardist)
        $0.model = model.path
        $0.settings = [("prob_thresh", "0.4"), ("n_tiles", "[2, 2]")]
        $0.rank = rank
      }
      let method = PythonSegmenter(.stardist, options: options)
      let (tile, context) = rampTile(rank == 2 ? [4, 5] : [3, 4, 5], channels: channels)
      let labels = try method.segment(tile, context)
      #expect(labels.elements == (0..<labels.count).map(UInt32.init))
      let requirements = method.requirements
      #expect(requirements.ranks == rank...rank && requirements.channels == channels...channels)
      #expect(requirements.stride == (rank == 2 ? [16, 16] : [8, 16, 16]))
      #expect(requirements.receptiveField == (rank == 2 ? [94, 94] : [40, 94, 94]))
      #expect(method.workers.warnings.isEmpty)
      method.shutdown()
      let calls = try calls(folder)
      try #require(calls.count == 2)
      #expect(calls[0]["name"] as? String == "mine" && calls[0]["rank"] as? Int == rank && calls[0]["config"] is NSNull)
      #expect(calls[1]["axes"] as? String == (rank == 2 ? "YX" : "ZYX") + (channels == 1 ? "" : "C"))
      #expect(calls[1].shape == tile.extent.lengths + (channels == 1 ? [] : [2]))
      #expect(calls[1]["normalizer"] is NSNull && calls[1]["dtype"] as? String == "float32")
      #expect(calls[1]["prob_thresh"] as? Double == 0.4 && calls[1]["n_tiles"] as? [Int] == [2, 2])
      #expect(abs((calls[1]["least"] as? Double ?? 9) + 10.0 / 988) < 1e-6)
    }
  }

  @Test func theGraphicsProcessorIsStarDistsToUse() throws {
    for devices in ["['a card']", "[]"] {
      try withTemporaryFolder { folder in
        let model = folder.appendingPathComponent("nets/mine")
        try writeModel(model, rank: 2)
        var modules = Self.stardist
        modules["tensorflow/__init__.py"] =
          Self.note + """

            class config:
                class threading:
                    set_intra_op_parallelism_threads = set_inter_op_parallelism_threads = staticmethod(lambda count: None)
                class experimental:
                    set_memory_growth = staticmethod(lambda device, grows: note(device=device, grows=grows))
                list_physical_devices = staticmethod(lambda kind: \(devices) if kind == "GPU" else [])
            """
        let options = try WorkerScript.options(folder) {
          $0.python = try! fakePython(folder, modules)
          ($0.model, $0.usesGPU) = (model.path, true)
        }
        let method = PythonSegmenter(.stardist, options: options)
        defer { method.shutdown() }
        guard devices != "[]" else {
          let error = try #require(workerError { try method.describe() })
          #expect(error.kind == .start && error.message.contains("no graphics processor"), "\(error.message)")
          return
        }
        _ = try method.describe()
        let call = try calls(folder)[0]
        #expect(call["device"] as? String == "a card" && call["grows"] as? Bool == true)
      }
    }
  }

  @Test func modelsOfStarDistAreFoundInTheCacheOrAreErrors() throws {
    try withTemporaryFolder { folder in
      let cache = folder.appendingPathComponent("home/.keras/models/StarDist2D")
      let python = try fakePython(folder, Self.stardist)
      func said(_ model: String?, rank: Int? = nil) throws -> Result<String, WorkerError> {
        let options = try WorkerScript.options(folder) {
          $0.python = python
          $0.model = model
          $0.rank = rank
        }
        let method = PythonSegmenter(.stardist, options: options)
        defer { method.shutdown() }
        do { return .success(try method.describe().name) } catch let error as WorkerError { return .failure(error) }
      }
      func message(_ result: Result<String, WorkerError>) -> String {
        if case .failure(let error) = result { return error.message } else { return "" }
      }
      #expect(message(try said(nil)).contains("StarDist needs a model"))
      #expect(message(try said("2D_demo")).contains("holds no model of StarDist"))
      try writeModel(cache.appendingPathComponent("2D_demo/2D_demo_extracted"), rank: 2)
      #expect(message(try said("2D_paper")).contains("holds 2D_demo"))
      #expect(try said("2D_demo").get().hasPrefix("StarDist 2D"))
      #expect(message(try said("2D_demo", rank: 3)).contains("is for 2D images, the image is 3D"))
      #expect(message(try said(folder.path)).contains("holds no config.json"))
      try FileManager.default.removeItem(at: cache.appendingPathComponent("2D_demo/2D_demo_extracted/weights_best.h5"))
      #expect(message(try said("2D_demo")).contains("holds no weights"))
    }
  }
}
