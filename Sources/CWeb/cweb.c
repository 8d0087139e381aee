// SPDX-License-Identifier: Apache-2.0
#include "CWeb.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct {
  CURL *easy;
  CURLcode code;
  char error[CURL_ERROR_SIZE];
  uint8_t *bytes;
  size_t count, capacity, limit;
  int64_t first, total;
} Request;

struct CWebSession {
  CURLM *multi;
  Request **requests;
  size_t count, capacity;
  char *provider, *credentials;
  struct curl_slist *headers;
  long connecting, idle;
};

static pthread_once_t started = PTHREAD_ONCE_INIT;
static void start(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

CWebSession *cweb_open(void) {
  pthread_once(&started, start);
  CWebSession *session = calloc(1, sizeof *session);
  if (session == NULL) return NULL;
  session->multi = curl_multi_init();
  if (session->multi == NULL) {
    free(session);
    return NULL;
  }
  session->connecting = 20;
  session->idle = 60;
  return session;
}

void cweb_close(CWebSession *session) {
  cweb_clear(session);
  curl_multi_cleanup(session->multi);
  curl_slist_free_all(session->headers);
  free(session->provider);
  free(session->credentials);
  free(session->requests);
  free(session);
}

void cweb_sign(CWebSession *session, const char *provider, const char *credentials, const char *token) {
  free(session->provider);
  free(session->credentials);
  session->provider = strdup(provider);
  session->credentials = strdup(credentials);
  // S3 wants the digest of what is sent, which is nothing; libcurl 7.88 signs it and does not add it.
  session->headers =
      curl_slist_append(session->headers, "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  if (*token == 0) return;
  char *header = malloc(strlen(token) + 32);
  if (header == NULL) return;
  strcpy(header, "x-amz-security-token: ");
  strcat(header, token);
  session->headers = curl_slist_append(session->headers, header);
  free(header);
}

void cweb_set_timeouts(CWebSession *session, long connecting, long idle) {
  session->connecting = connecting;
  session->idle = idle;
}

static size_t take(char *bytes, size_t size, size_t number, void *context) {
  Request *request = context;
  size_t count = size * number;
  if (count > request->limit - request->count) return 0;
  if (request->count + count > request->capacity) {
    size_t capacity = 2 * request->capacity;
    if (capacity < request->count + count) capacity = request->count + count;
    if (capacity < 1 << 14) capacity = 1 << 14;
    uint8_t *grown = realloc(request->bytes, capacity);
    if (grown == NULL) return 0;
    request->bytes = grown;
    request->capacity = capacity;
  }
  memcpy(request->bytes + request->count, bytes, count);
  request->count += count;
  return count;
}

// The number at a place of a header; negative where there is none, or it has no end.
static int64_t number(const char *at, const char *end) {
  int64_t value = -1;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    if (value > INT64_MAX / 16) return -1;
    value = (value < 0 ? 0 : 10 * value) + (*at - '0');
  }
  return value;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context) {
  Request *request = context;
  const char *end = bytes + size * count;
  static const char name[] = "content-range:";
  // Another answer begins, as after being sent elsewhere.
  if (size * count > 5 && strncmp(bytes, "HTTP/", 5) == 0) request->first = request->total = -1;
  if (size * count > sizeof name && strncasecmp(bytes, name, sizeof name - 1) == 0) {
    const char *at = bytes + sizeof name - 1;
    const char *slash = memchr(bytes, '/', size * count);
    while (at < end && (*at == ' ' || (*at >= 'a' && *at <= 'z'))) at++;
    request->first = number(at, end);
    request->total = slash == NULL ? -1 : number(slash + 1, end);
  }
  return size * count;
}

int64_t cweb_add(CWebSession *session, const char *url, const char *range, bool is_head, int64_t limit) {
  if (session->count == session->capacity) {
    size_t capacity = session->capacity == 0 ? 16 : 2 * session->capacity;
    Request **grown = realloc(session->requests, capacity * sizeof *grown);
    if (grown == NULL) return -1;
    session->requests = grown;
    session->capacity = capacity;
  }
  Request *request = calloc(1, sizeof *request);
  CURL *easy = curl_easy_init();
  if (request == NULL || easy == NULL) {
    free(request);
    curl_easy_cleanup(easy);
    return -1;
  }
  request->easy = easy;
  request->code = CURLE_FAILED_INIT;
  request->limit = (size_t)limit;
  request->first = request->total = -1;
  curl_easy_setopt(easy, CURLOPT_URL, url);
  if (*range != 0) curl_easy_setopt(easy, CURLOPT_RANGE, range);
  if (is_head) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  // What is secret stays: a signed request is not taken elsewhere, an encrypted one not in clear.
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, session->provider == NULL ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, strncasecmp(url, "https", 5) == 0 ? "https" : "http,https");
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, session->connecting);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, session->idle);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "weft");
  // As the program curl does: not every system keeps certificates where Debian's library looks for them.
  const char *certificates = getenv("CURL_CA_BUNDLE");
  if (certificates == NULL || *certificates == 0) certificates = getenv("SSL_CERT_FILE");
  if (certificates != NULL && *certificates != 0) curl_easy_setopt(easy, CURLOPT_CAINFO, certificates);
  if (session->provider != NULL) {
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, session->provider);
    curl_easy_setopt(easy, CURLOPT_USERPWD, session->credentials);
  }
  if (session->headers != NULL) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, session->headers);
  session->requests[session->count] = request;
  return (int64_t)session->count++;
}

void cweb_perform(CWebSession *session) {
  for (size_t i = 0; i < session->count; i++) curl_multi_add_handle(session->multi, session->requests[i]->easy);
  int running = 1;
  while (running > 0) {
    if (curl_multi_perform(session->multi, &running) != CURLM_OK) break;
    if (running > 0 && curl_multi_poll(session->multi, NULL, 0, 1000, NULL) != CURLM_OK) break;
  }
  int rest = 0;
  for (CURLMsg *message; (message = curl_multi_info_read(session->multi, &rest)) != NULL;) {
    Request *request = NULL;
    if (message->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&request);
    request->code = message->data.result;
  }
  for (size_t i = 0; i < session->count; i++) curl_multi_remove_handle(session->multi, session->requests[i]->easy);
}

void cweb_clear(CWebSession *session) {
  for (size_t i = 0; i < session->count; i++) {
    curl_easy_cleanup(session->requests[i]->easy);
    free(session->requests[i]->bytes);
    free(session->requests[i]);
  }
  session->count = 0;
}

int64_t cweb_status(CWebSession *session, int64_t request) {
  long status = 0;
  if (session->requests[request]->code == CURLE_OK) curl_easy_getinfo(session->requests[request]->easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

const char *cweb_error(CWebSession *session, int64_t number) {
  Request *request = session->requests[number];
  if (request->code == CURLE_OK) return "";
  if (request->code == CURLE_WRITE_ERROR) return "the answer has more bytes than were asked for, or than any chunk has";
  return request->error[0] != 0 ? request->error : curl_easy_strerror(request->code);
}

bool cweb_may_do_better(CWebSession *session, int64_t request) {
  switch (session->requests[request]->code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

int64_t cweb_count(CWebSession *session, int64_t request) { return (int64_t)session->requests[request]->count; }

void cweb_copy(CWebSession *session, int64_t request, uint8_t *target) {
  if (session->requests[request]->count > 0) memcpy(target, session->requests[request]->bytes, session->requests[request]->count);
}

int64_t cweb_first(CWebSession *session, int64_t request) { return session->requests[request]->first; }

int64_t cweb_total(CWebSession *session, int64_t request) { return session->requests[request]->total; }

int64_t cweb_retry_after(CWebSession *session, int64_t request) {
  curl_off_t seconds = 0;
  curl_easy_getinfo(session->requests[request]->easy, CURLINFO_RETRY_AFTER, &seconds);
  return seconds;
}
