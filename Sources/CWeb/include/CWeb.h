// SPDX-License-Identifier: Apache-2.0
//
// Requests over HTTP and HTTPS, many at once, through libcurl. A session keeps its connections for the next requests; it is used by one
// thread at a time.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct CWebSession CWebSession;

/// NULL where there is no memory.
CWebSession *_Nullable cweb_open(void);
void cweb_close(CWebSession *session);

/// Signs the requests to come as Amazon's services ask for (`aws:amz:REGION:s3`, `KEY:SECRET`); `token` is empty where there is none.
void cweb_sign(CWebSession *session, const char *provider, const char *credentials, const char *token);

/// How long a connection may take to be made, and how long no byte may come, in seconds.
void cweb_set_timeouts(CWebSession *session, long connecting, long idle);

/// Adds a request. `range` as in the header Range, without `bytes=`; empty for all bytes. An answer of more than `limit` bytes is an error.
///
/// Returns its number, from 0; negative where there is no memory.
int64_t cweb_add(CWebSession *session, const char *url, const char *range, bool isHead, int64_t limit);

/// Runs all requests that were added to their ends.
void cweb_perform(CWebSession *session);

/// Forgets all requests.
void cweb_clear(CWebSession *session);

/// The status of the answer, as 200; 0 where none came whole.
int64_t cweb_status(CWebSession *session, int64_t request);
/// Why no answer came whole; empty where one did.
const char *cweb_error(CWebSession *session, int64_t request);
/// Whether the same request may do better another time, where no answer came.
bool cweb_may_do_better(CWebSession *session, int64_t request);
/// Bytes of the answer.
int64_t cweb_count(CWebSession *session, int64_t request);
/// Copies them to a place that has room for them.
void cweb_copy(CWebSession *session, int64_t request, uint8_t *target);
/// Where the answer is a part of a value (Content-Range): its first byte, and the bytes of the whole; negative where it does not tell.
int64_t cweb_first(CWebSession *session, int64_t request);
int64_t cweb_total(CWebSession *session, int64_t request);
/// Seconds after which the server wants to be asked again (Retry-After); 0 where it does not tell.
int64_t cweb_retry_after(CWebSession *session, int64_t request);

#pragma clang assume_nonnull end
