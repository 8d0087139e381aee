// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctiff_status.h"

#include <tiffio.h>

/// A file that is open for reading, and the first thing libtiff complained about.
typedef struct CTIFFReader {
  TIFF *tiff;
  CTIFFStatus status;
} CTIFFReader;

/// Opens a file without reading a directory; `reader->tiff` is null and the status tells why where that fails. The reader must stay where
/// it is while the file is open.
void ctiff_open(CTIFFReader *reader, const char *path);

/// Closes the file.
void ctiff_close(CTIFFReader *reader);

/// Makes the status a failure with `text`, unless libtiff gave a reason before.
void ctiff_fail(CTIFFStatus *status, const char *text);
