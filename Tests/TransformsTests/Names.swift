// SPDX-License-Identifier: Apache-2.0

import Transforms

/// Foundation has an `AffineTransform`, too.
typealias AffineTransform = Transforms.AffineTransform
