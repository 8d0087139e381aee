// SPDX-License-Identifier: Apache-2.0

#include "CKernelsMemory.h"

#include <malloc.h>

extern "C" void ckernels_return_freed_memory(int bytes, int arenas) {
  mallopt(M_ARENA_MAX, arenas);
  mallopt(M_MMAP_THRESHOLD, bytes);
  mallopt(M_TRIM_THRESHOLD, bytes);
}
