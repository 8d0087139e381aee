// SPDX-License-Identifier: Apache-2.0
//
// Compressors of Zarr chunks. Every function works on one buffer, on the calling thread only, and keeps no state; results are the
// number of bytes written, or one of the negative codes of ccodecs_base.h.
#pragma once

#include "ccodecs_base.h"
#include "ccodecs_blosc.h"
#include "ccodecs_bytes.h"
#include "ccodecs_bz2.h"
#include "ccodecs_crc32c.h"
#include "ccodecs_deflate_piece.h"
#include "ccodecs_gzip_file.h"
#include "ccodecs_lz4.h"
#include "ccodecs_unpack_file.h"
#include "ccodecs_zlib.h"
#include "ccodecs_zstd.h"
