// SPDX-License-Identifier: Apache-2.0
// Hot loops over voxels, called from Swift with spans.
//
// Lattices are z, y, x with x contiguous; a lattice with one plane is 2D. A field has three components one after another in
// one array (z, y, x), or in three arrays. `threads` bounds the threads of a call: the work is cut into parts that do not
// depend on it, and sums are taken part by part in order, so that results are the same bytes for any number of threads and
// any vector width. Validity is 1 or 0 a voxel.
#pragma once
#include "CKernelsCorrelation.h"
#include "CKernelsDifferences.h"
#include "CKernelsFields.h"
#include "CKernelsMapping.h"
#include "CKernelsMemory.h"
#include "CKernelsInformation.h"
#include "CKernelsSampling.h"
#include "CKernelsShrinking.h"
#include "CKernelsSmoothing.h"
#include "CKernelsSplines.h"
#include "CKernelsSquares.h"
#include "CKernelsUpdate.h"
#include "CKernelsValues.h"
