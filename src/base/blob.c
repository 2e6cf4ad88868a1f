#include "base/blob.h"
#include "base/arena.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

static bool write_all(int file, str bytes)
{
	while (bytes.n) {
		ssize_t n = write(file, bytes.p, bytes.n);
		if (n <= 0) return false;
		bytes = str_from_at(bytes, (size_t)n);
	}
	return true;
}

static bool make_file(blob *to, str bytes)
{
	int file = memfd_create("blob", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (file < 0) return false;
	if (file > 0 && write_all(file, bytes) && fcntl(file, F_ADD_SEALS, SEALS) == 0) {
		/* private: Linux before 6.7 maps no sealed file shared */
		void *p = mmap(NULL, bytes.n, PROT_READ, MAP_PRIVATE, file, 0);
		if (p != MAP_FAILED) {
			*to = (blob){.bytes = str_make(p, bytes.n), .file = file};
			return true;
		}
	}
	close(file);
	return false;
}

void blob_take(blob *to, buf *from)
{
	if (from->n >= BLOB_FILE_BYTES && make_file(to, buf_str(from))) {
		buf_free(from);
		return;
	}
	if (from->n && from->cap > from->n) from->p = mem_realloc(from->p, from->n);
	*to = (blob){.bytes = buf_str(from)};
	*from = (buf){0};
}

void blob_free(blob *b)
{
	void *p = (void *)(uintptr_t)b->bytes.p;
	if (b->file) {
		munmap(p, b->bytes.n);
		close(b->file);
	} else {
		mem_free(p);
	}
	*b = (blob){0};
}
