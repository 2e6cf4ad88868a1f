/* console_internal: what console.c and console_files.c share. */
#pragma once
#include "server/call.h"

enum { CONSOLE_HEADERS = 8 };

/* The headers every answer of the console carries; fills h and gives how many. nonce empty: no style elements. */
size_t console_headers(arena *a, str nonce, http_header *h);
/* The file at path below /console/ from the binary. False: there is none, nothing was sent. */
bool console_send_asset(call *c, str path);
/* The same from --console-assets-dir; also index.html, into *index. False: there is none. */
bool console_send_file(call *c, str path);
MUST_CHECK bool console_read_file(call *c, str path, str *out);
