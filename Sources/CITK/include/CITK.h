// SPDX-License-Identifier: Apache-2.0
//
// What Swift sees of this module: list each subject here, or cached builds do not notice a new header.
#pragma once

#include "citk_affine.h"
#include "citk_image_file.h"
#include "citk_labels.h"
#include "citk_lattice.h"
#include "citk_png.h"
#include "citk_status.h"
#include "citk_syn.h"
#include "citk_transform_file.h"
