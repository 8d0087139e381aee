// SPDX-License-Identifier: Apache-2.0

internal import Transforms

/// Foundation has a type of that name, too.
typealias AffineTransform = Transforms.AffineTransform
