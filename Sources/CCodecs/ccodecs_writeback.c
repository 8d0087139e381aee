// SPDX-License-Identifier: Apache-2.0
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>

#include "CCodecs.h"

void ccodecs_begin_writing(int descriptor) {
#ifdef __linux__
  // A hint: what fails is told when the file is synchronised.
  (void)sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
  (void)descriptor;
#endif
}
