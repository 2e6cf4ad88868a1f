/* Messages of output plugins: the first byte chooses the parser. What is read lies within the message. */
#include "live/changes_wal.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(str part, const uint8_t *data, size_t size)
{
	if (!part.n) return;
	if (part.p < (const char *)data || part.p + part.n > (const char *)data + size) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	wal_message m;
	wal_column c;
	str name;
	uint32_t oid;
	if (!size) return 0;
	str message = str_make((const char *)data + 1, size - 1);
	bool text = data[0] & 1;
	if (!(text ? wal_text_read(message, &m) : wal_pgoutput_read(message, &m))) return 0;
	if (m.kind == WAL_TRUNCATE) {
		while (text ? wal_text_relation(&m, &name) : wal_pgoutput_truncated(&m, &oid))
			if (text) within(name, data, size);
		return 0;
	}
	if (text && m.kind < WAL_INSERT) return 0;
	for (size_t n = 0; text ? wal_text_column(&m, &c) : wal_pgoutput_column(&m, &c); n++) {
		/* Each column takes at least a byte. */
		if (n > size) abort();
		within(c.name, data, size);
		within(c.value, data, size);
	}
	return 0;
}
