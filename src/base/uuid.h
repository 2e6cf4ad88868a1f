/* uuid: random identifiers, version 4 (RFC 9562). */
#pragma once
#include <stddef.h>

enum { UUID_BYTES = 16, UUID_TEXT = 36 };

/* From the kernel's random numbers, fetched in larger pieces per thread. */
void uuid_make(unsigned char out[UUID_BYTES]);
/* Lower case with dashes, not terminated. */
void uuid_format(const unsigned char id[UUID_BYTES], char out[UUID_TEXT]);
