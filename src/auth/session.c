#include "auth/session.h"

const str *session_get(const session *s, str name)
{
	size_t lo = 0, hi = s->nvars;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = str_cmp(s->vars[mid].name, name);
		if (c == 0) return &s->vars[mid].value;
		if (c < 0) lo = mid + 1;
		else hi = mid;
	}
	return NULL;
}

json *session_json(arena *a, const session *s)
{
	json *o = json_new_object(a);
	for (size_t i = 0; i < s->nvars; i++)
		json_set(o, s->vars[i].name, json_new_str(a, s->vars[i].value));
	return o;
}
