// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <ptrcheck.h>
#include <lifetimebound.h>
