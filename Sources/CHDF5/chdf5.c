// SPDX-License-Identifier: Apache-2.0
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "CHDF5.h"

// Errors are told by what calls return; the library's own words go nowhere. Nor does it clean up when the process ends, which it complains
// about where a file was damaged.
static void be_quiet(void) {
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

int64_t chdf5_open(const char *path) {
  be_quiet();
  return H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
}

void chdf5_close(int64_t file) { H5Fclose(file); }

static CHDF5Type kind(hid_t type) {
  size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: {
      int isSigned = H5Tget_sign(type) == H5T_SGN_2;
      switch (size) {
        case 1:
          return isSigned ? CHDF5TypeInt8 : CHDF5TypeUInt8;
        case 2:
          return isSigned ? CHDF5TypeInt16 : CHDF5TypeUInt16;
        case 4:
          return isSigned ? CHDF5TypeInt32 : CHDF5TypeUInt32;
        case 8:
          return isSigned ? CHDF5TypeInt64 : CHDF5TypeUInt64;
        default:
          return CHDF5TypeOther;
      }
    }
    // Shorter ones are read as 32 bits.
    case H5T_FLOAT:
      return size <= 4 ? CHDF5TypeFloat32 : size == 8 ? CHDF5TypeFloat64 : CHDF5TypeOther;
    // What h5py makes of truth values.
    case H5T_ENUM:
      return size == 1 ? CHDF5TypeUInt8 : CHDF5TypeOther;
    default:
      return CHDF5TypeOther;
  }
}

static hid_t native(CHDF5Type type) {
  switch (type) {
    case CHDF5TypeUInt8:
      return H5T_NATIVE_UINT8;
    case CHDF5TypeInt8:
      return H5T_NATIVE_INT8;
    case CHDF5TypeUInt16:
      return H5T_NATIVE_UINT16;
    case CHDF5TypeInt16:
      return H5T_NATIVE_INT16;
    case CHDF5TypeUInt32:
      return H5T_NATIVE_UINT32;
    case CHDF5TypeInt32:
      return H5T_NATIVE_INT32;
    case CHDF5TypeUInt64:
      return H5T_NATIVE_UINT64;
    case CHDF5TypeInt64:
      return H5T_NATIVE_INT64;
    case CHDF5TypeFloat32:
      return H5T_NATIVE_FLOAT;
    case CHDF5TypeFloat64:
      return H5T_NATIVE_DOUBLE;
    default:
      return -1;
  }
}

CHDF5Dataset chdf5_open_dataset(int64_t file, const char *name) {
  CHDF5Dataset found = {.handle = -1};
  hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
  if (dataset < 0) return found;
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset), plist = H5Dget_create_plist(dataset);
  int rank = H5Sget_simple_extent_ndims(space);
  found.type = kind(type);
  found.rank = rank >= 0 && rank <= CHDF5_MOST_AXES ? rank : -1;
  if (found.rank >= 0) {
    hsize_t lengths[CHDF5_MOST_AXES], chunk[CHDF5_MOST_AXES];
    H5Sget_simple_extent_dims(space, lengths, NULL);
    int isChunked = H5Pget_layout(plist) == H5D_CHUNKED && H5Pget_chunk(plist, rank, chunk) == rank;
    for (int axis = 0; axis < rank; axis++) {
      found.lengths[axis] = lengths[axis];
      found.chunk[axis] = isChunked ? chunk[axis] : 0;
    }
  }
  H5Pclose(plist);
  H5Sclose(space);
  H5Tclose(type);
  found.handle = dataset;
  return found;
}

void chdf5_close_dataset(int64_t dataset) { H5Dclose(dataset); }

int chdf5_read(int64_t dataset, CHDF5Type type, const uint64_t *__counted_by(rank) lower __noescape,
    const uint64_t *__counted_by(rank) lengths __noescape, size_t rank, void *__sized_by(capacity) target __noescape, size_t capacity) {
  if (rank == 0 || rank > CHDF5_MOST_AXES || native(type) < 0) return -1;
  hsize_t start[CHDF5_MOST_AXES], count[CHDF5_MOST_AXES];
  size_t bytes = H5Tget_size(native(type));
  for (size_t axis = 0; axis < rank; axis++) {
    start[axis] = lower[axis];
    count[axis] = lengths[axis];
    bytes *= lengths[axis];
  }
  if (bytes != capacity) return -1;
  hid_t space = H5Dget_space(dataset);
  hid_t memory = H5Screate_simple((int)rank, count, NULL);
  int status = -1;
  if (space >= 0 && memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0) {
    // What h5py makes of truth values are numbers, too.
    hid_t stored = H5Dget_type(dataset);
    hid_t wanted = H5Tget_class(stored) == H5T_ENUM ? H5Tcopy(stored) : H5Tcopy(native(type));
    status = H5Dread(dataset, wanted, memory, space, H5P_DEFAULT, target) < 0 ? -1 : 0;
    H5Tclose(wanted);
    H5Tclose(stored);
  }
  if (memory >= 0) H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  return status;
}

struct Names {
  char *names;
  size_t capacity, count;
};

static herr_t note(hid_t file, const char *name, const H5O_info_t *info, void *data) {
  (void)file;
  struct Names *found = data;
  size_t length = strlen(name);
  if (info->type != H5O_TYPE_DATASET || found->count + length + 1 > found->capacity) return 0;
  memcpy(found->names + found->count, name, length);
  found->names[found->count + length] = '\n';
  found->count += length + 1;
  return 0;
}

size_t chdf5_dataset_names(int64_t file, char *__counted_by(capacity) names __noescape, size_t capacity) {
  struct Names found = {names, capacity, 0};
  if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, note, &found, H5O_INFO_BASIC) < 0) return 0;
  return found.count;
}

static hid_t open_attribute(int64_t file, const char *object, const char *name) {
  if (H5Aexists_by_name(file, object, name, H5P_DEFAULT) <= 0) return -1;
  return H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
}

int64_t chdf5_text_attribute(
    int64_t file, const char *object, const char *name, char *__counted_by(capacity) text __noescape, size_t capacity) {
  hid_t attribute = open_attribute(file, object, name);
  if (attribute < 0) return -1;
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  hssize_t points = H5Sget_simple_extent_npoints(space);
  int64_t length = -1;
  if (H5Tget_class(type) == H5T_STRING && points > 0) {
    if (H5Tis_variable_str(type)) {
      char **strings = calloc((size_t)points, sizeof *strings);
      if (strings && H5Aread(attribute, type, strings) >= 0) {
        length = 0;
        // Several strings, as of axes, are told one after the other, a line feed between them.
        for (hssize_t i = 0; i < points; i++) {
          size_t part = strings[i] ? strlen(strings[i]) : 0;
          if ((size_t)length + part + 1 > capacity) break;
          if (i > 0) text[length++] = '\n';
          memcpy(text + length, strings[i], part);
          length += (int64_t)part;
        }
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, strings);
      }
      free(strings);
    } else {
      size_t size = H5Tget_size(type), total = size * (size_t)points;
      char *bytes = total < (1 << 20) ? malloc(total) : NULL;
      if (bytes && H5Aread(attribute, type, bytes) >= 0) {
        // A list of single characters is one text.
        length = 0;
        for (size_t i = 0; i < total && (size_t)length < capacity; i++)
          if (bytes[i]) text[length++] = bytes[i];
      }
      free(bytes);
    }
  }
  H5Sclose(space);
  H5Tclose(type);
  H5Aclose(attribute);
  return length;
}

int64_t chdf5_number_attribute(
    int64_t file, const char *object, const char *name, double *__counted_by(capacity) numbers __noescape, size_t capacity) {
  hid_t attribute = open_attribute(file, object, name);
  if (attribute < 0) return -1;
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  hssize_t points = H5Sget_simple_extent_npoints(space);
  H5T_class_t class = H5Tget_class(type);
  int64_t count = -1;
  if ((class == H5T_INTEGER || class == H5T_FLOAT) && points > 0 && (size_t)points <= capacity &&
      H5Aread(attribute, H5T_NATIVE_DOUBLE, numbers) >= 0)
    count = points;
  H5Sclose(space);
  H5Tclose(type);
  H5Aclose(attribute);
  return count;
}

int64_t chdf5_text_dataset(int64_t file, const char *name, char *__counted_by(capacity) text __noescape, size_t capacity) {
  hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
  if (dataset < 0) return -1;
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  int64_t length = -1;
  if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
    char *string = NULL;
    size_t size = H5Tget_size(type);
    if (H5Tis_variable_str(type) > 0) {
      if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &string) >= 0 && string) {
        size_t part = strlen(string);
        length = (int64_t)(part < capacity ? part : capacity);
        memcpy(text, string, (size_t)length);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, &string);
      }
    } else if (size < (1 << 16) && (string = calloc(size + 1, 1))) {
      if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, string) >= 0) {
        size_t part = strlen(string);
        length = (int64_t)(part < capacity ? part : capacity);
        memcpy(text, string, (size_t)length);
      }
      free(string);
    }
  }
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(dataset);
  return length;
}

int64_t chdf5_create(const char *path) {
  be_quiet();
  return H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

// Without the time at which it is made: the same content gives the same bytes.
static hid_t create_dataset(hid_t file, const char *name, hid_t type, hid_t space) {
  hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(plist, 0);
  hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  H5Pclose(plist);
  return dataset;
}

int chdf5_write_group(int64_t file, const char *name) {
  hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  return group < 0 || H5Gclose(group) < 0 ? -1 : 0;
}

int chdf5_write_text(int64_t file, const char *name, const char *text) {
  hsize_t one = 1;
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &one, NULL);
  H5Tset_size(type, H5T_VARIABLE);
  hid_t dataset = create_dataset(file, name, type, space);
  int status = dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) < 0 ? -1 : 0;
  if (dataset >= 0 && H5Dclose(dataset) < 0) status = -1;
  H5Sclose(space);
  H5Tclose(type);
  return status;
}

int64_t chdf5_begin_doubles(int64_t file, const char *name, uint64_t count) {
  hsize_t length = count;
  hid_t space = H5Screate_simple(1, &length, NULL);
  if (space < 0) return -1;
  hid_t dataset = create_dataset(file, name, H5T_NATIVE_DOUBLE, space);
  H5Sclose(space);
  return dataset;
}

int chdf5_write_doubles(int64_t dataset, uint64_t first, const double *__counted_by(count) values __noescape, size_t count) {
  hsize_t start = first, length = count;
  hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, &length, NULL);
  int status = -1;
  if (space >= 0 && memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &length, NULL) >= 0)
    status = H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values) < 0 ? -1 : 0;
  if (memory >= 0) H5Sclose(memory);
  if (space >= 0) H5Sclose(space);
  return status;
}

int chdf5_finish(int64_t file) {
  int status = H5Fflush(file, H5F_SCOPE_GLOBAL) < 0 ? -1 : 0;
  return H5Fclose(file) < 0 ? -1 : status;
}
