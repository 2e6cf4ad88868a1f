#include "schema/number.h"
#include "base/json.h"

bool number_to_int(str text, int64_t lo, int64_t hi, int64_t *out)
{
	json j = {.kind = JSON_NUMBER, .text = text};
	return json_to_i64(&j, out) && *out >= lo && *out <= hi;
}

bool number_plain(str text)
{
	size_t i = text.n && text.p[0] == '-';
	if (i == text.n) return false;
	for (; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9') return false;
	return true;
}

/* Significant digits and the exponent e of 0.d1d2… × 10^e. */
typedef struct digits {
	char *d;
	size_t n;
	int64_t e;
	bool negative;
} digits;

static int64_t exponent_of(str text, size_t at)
{
	str rest = str_from_at(text, at);
	if (rest.n && rest.p[0] == '+') rest = str_from_at(rest, 1);
	int64_t e = 0;
	if (!str_to_i64(rest, &e) || e > 1000000 || e < -1000000) e = rest.n && rest.p[0] == '-' ? -1000000 : 1000000;
	return e;
}

static digits digits_of(arena *a, str text)
{
	digits out = {.d = arena_bytes(a, text.n + 1)};
	bool point = false;
	for (size_t i = 0; i < text.n; i++) {
		char ch = text.p[i];
		if (ch == '-') out.negative = true;
		if (ch == '.') point = true;
		if (ch == 'e' || ch == 'E') {
			out.e += exponent_of(text, i + 1);
			break;
		}
		if (ch < '0' || ch > '9') continue;
		if (ch == '0' && !out.n) {
			if (point) out.e--;
			continue;
		}
		out.d[out.n++] = ch;
		if (!point) out.e++;
	}
	while (out.n && out.d[out.n - 1] == '0')
		out.n--;
	if (!out.n) out.e = 0;
	return out;
}

bool number_negative(str text)
{
	if (!text.n || text.p[0] != '-') return false;
	for (size_t i = 1; i < text.n && text.p[i] != 'e' && text.p[i] != 'E'; i++)
		if (text.p[i] >= '1' && text.p[i] <= '9') return true;
	return false;
}

str number_show(arena *a, str text)
{
	digits g = digits_of(a, text);
	const char *sign = g.negative && g.n ? "-" : "";
	str all = str_make(g.d, g.n);
	if (!g.n) return STR("0.0");
	if (g.e > 7 || g.e < 0) {
		str tail = g.n > 1 ? str_from_at(all, 1) : STR("0");
		return str_printf(a, "%s%c.%.*se%lld", sign, g.d[0], STR_ARG(tail), (long long)g.e - 1);
	}
	if (g.e == 0) return str_printf(a, "%s0.%.*s", sign, STR_ARG(all));
	size_t whole = (size_t)g.e;
	if (g.n <= whole) return str_printf(a, "%s%.*s%.*s.0", sign, STR_ARG(all), (int)(whole - g.n), "0000000");
	str head = str_sub(all, 0, whole), tail = str_from_at(all, whole);
	return str_printf(a, "%s%.*s.%.*s", sign, STR_ARG(head), STR_ARG(tail));
}
