// SPDX-License-Identifier: Apache-2.0
//
// What Swift sees of this module: list each subject here, or cached builds do not notice a new header.
#pragma once

#include "ctiff_page.h"
#include "ctiff_status.h"
