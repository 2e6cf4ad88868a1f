/*
 * blob: bytes that never change once they are made, for what is sent often.
 * Large ones are a sealed file in memory, mapped: the kernel sends such a file's pages as they are (sendfile), while bytes of the
 * heap are copied for each socket. A page that is still under way outlives the blob.
 * Threads: any may read; one frees it.
 */
#pragma once
#include "base/buf.h"

enum { BLOB_FILE_BYTES = 256 << 10 /* a file takes a descriptor: from this size on */ };

typedef struct blob {
	str bytes;
	int file; /* holds them from its start; 0: they are on the heap */
} blob;

/* Takes the bytes of *from over and empties it. Without a file to be had they stay on the heap. */
void blob_take(blob *to, buf *from);
void blob_free(blob *b);
