// SPDX-License-Identifier: Apache-2.0
//
// HDF5 files, read: groups, datasets of numbers by boxes, attributes; and written: texts and rows of numbers. The library is not made for
// several threads: one call at a time.
#pragma once

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum { CHDF5_MOST_AXES = 8 };

/// The numbers of a dataset; 0 for what are none.
typedef enum CHDF5Type : int32_t {
  CHDF5TypeOther = 0,
  CHDF5TypeUInt8,
  CHDF5TypeInt8,
  CHDF5TypeUInt16,
  CHDF5TypeInt16,
  CHDF5TypeUInt32,
  CHDF5TypeInt32,
  CHDF5TypeUInt64,
  CHDF5TypeInt64,
  CHDF5TypeFloat32,
  CHDF5TypeFloat64,
} CHDF5Type;

/// An open dataset; `handle` is below 0 where it cannot be opened.
typedef struct CHDF5Dataset {
  int64_t handle;
  CHDF5Type type;
  /// 0 to CHDF5_MOST_AXES; -1 where it has more.
  int32_t rank;
  uint64_t lengths[CHDF5_MOST_AXES];
  /// Lengths of a chunk; 0 where it has none.
  uint64_t chunk[CHDF5_MOST_AXES];
} CHDF5Dataset;

/// Opens a file for reading; below 0 where it is none.
int64_t chdf5_open(const char *path);

/// Closes a file.
void chdf5_close(int64_t file);

/// Opens a dataset of a file.
CHDF5Dataset chdf5_open_dataset(int64_t file, const char *name);

/// Closes a dataset.
void chdf5_close_dataset(int64_t dataset);

/// Reads a box, converted to this machine's numbers of `type`; 0 is success.
int chdf5_read(int64_t dataset, CHDF5Type type, const uint64_t *__counted_by(rank) lower __noescape,
    const uint64_t *__counted_by(rank) lengths __noescape, size_t rank, void *__sized_by(capacity) target __noescape, size_t capacity);

/// The paths of all datasets of a file, in the order of their names, each followed by a line feed, as much as fits; the number of bytes.
size_t chdf5_dataset_names(int64_t file, char *__counted_by(capacity) names __noescape, size_t capacity);

/// An attribute of an object as text, whether it is a string or a list of characters, as much as fits; the number of bytes, -1 where there
/// is none.
int64_t chdf5_text_attribute(
    int64_t file, const char *object, const char *name, char *__counted_by(capacity) text __noescape, size_t capacity);

/// An attribute of numbers, as much as fits; how many there are, -1 where there is none.
int64_t chdf5_number_attribute(
    int64_t file, const char *object, const char *name, double *__counted_by(capacity) numbers __noescape, size_t capacity);

/// A dataset that holds one string, as much as fits; the number of bytes, -1 where it is none.
int64_t chdf5_text_dataset(int64_t file, const char *name, char *__counted_by(capacity) text __noescape, size_t capacity);

/// Begins a file in place of one that is there; below 0 where it cannot be written.
int64_t chdf5_create(const char *path);

/// Makes a group; 0 is success.
int chdf5_write_group(int64_t file, const char *name);

/// Writes a dataset of one string; 0 is success.
int chdf5_write_text(int64_t file, const char *name, const char *text);

/// Begins a dataset of so many doubles along one axis, which `chdf5_close_dataset` ends; below 0 where it cannot be written.
int64_t chdf5_begin_doubles(int64_t file, const char *name, uint64_t count);

/// Writes doubles from place `first` on; 0 is success.
int chdf5_write_doubles(int64_t dataset, uint64_t first, const double *__counted_by(count) values __noescape, size_t count);

/// Brings all that was written to the disk and closes the file; 0 is success.
int chdf5_finish(int64_t file);

#pragma clang assume_nonnull end
