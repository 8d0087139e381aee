// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Has the disk write what an open file holds, without waiting for it.
void ccodecs_begin_writing(int descriptor);
