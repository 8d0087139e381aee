// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// From now on the allocator gives freed blocks of at least so many bytes back to the system at once.
void ckernels_return_freed_memory(int bytes);

#ifdef __cplusplus
}
#endif
