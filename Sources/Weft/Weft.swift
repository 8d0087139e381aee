// SPDX-License-Identifier: Apache-2.0

// The public API of Weft under one import.

@_exported public import BlockExecution
@_exported public import ChunkStores
@_exported public import Grids
@_exported public import Patches
@_exported public import Pipelines
@_exported public import Pyramids
@_exported public import Registration
@_exported public import Reports
@_exported public import Segmentation
@_exported public import Serving
@_exported public import Transforms
@_exported public import Viewing
@_exported public import Volumes
