// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// From now on the allocator gives freed blocks of at least so many bytes back to the system at once, and smaller ones come from so many
/// arenas at the most. Call it before there are threads.
void ckernels_return_freed_memory(int bytes, int arenas);

#ifdef __cplusplus
}
#endif
