#include "server/console_assets.h"
#include "server/console_internal.h"
#include "server/gzip.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files of the console: from the binary, compressed by the build; or from a folder, as they are. */

enum { MAX_FILE = 16 << 20 };

/* The client names the coding, and not with q=0. */
static bool accepts(const http_request *req, str coding)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (!str_eq_nocase(req->headers[i].name, STR("accept-encoding"))) continue;
		for (str rest = req->headers[i].value; rest.n;) {
			size_t comma = str_find_char(rest, ',');
			str one = str_trim(str_sub(rest, 0, comma)),
			    name = str_trim(str_sub(one, 0, str_find_char(one, ';')));
			if (str_eq_nocase(name, coding))
				return str_find(one, STR("q=0")) == SIZE_MAX || str_find(one, STR("q=0.")) != SIZE_MAX;
			rest = comma == SIZE_MAX ? STR_NULL : str_from_at(rest, comma + 1);
		}
	}
	return false;
}

static bool is_known(const http_request *req, str etag)
{
	str known = http_request_header(req, STR("if-none-match"));
	return known.p && (str_eqz(known, "*") || str_find(known, etag) != SIZE_MAX);
}

/* Names with a hash of their content never change. */
static str cache_control(str path)
{
	return str_starts(path, STR("assets/")) ? STR("public, max-age=31536000, immutable") : STR("no-cache");
}

static void send_coded(call *c, const console_asset *f, http_header *h, size_t n)
{
	http_response res = {.status = 200, .content_type = str_from(f->type), .plain = true};
	bool br = accepts(c->req, STR("br"));
	buf b = {0};
	if (br) {
		h[n++] = (http_header){STR("Content-Encoding"), STR("br")};
		res.body = (str){(const char *)console_blob + f->br_at, f->br_length};
	} else {
		res.body = (str){(const char *)console_blob + f->gz_at, f->gz_length};
		res.gzipped = accepts(c->req, STR("gzip"));
	}
	if (!br && !res.gzipped) {
		gzip_expand(res.body, f->length, &b);
		res.body = buf_str(&b);
	}
	res.headers = h;
	res.header_count = n;
	http_send(c->req, &res);
	buf_free(&b);
}

bool console_send_asset(call *c, str path)
{
	const console_asset *f = NULL;
	http_header h[CONSOLE_HEADERS];
	for (size_t i = 0; i < console_asset_count && !f; i++)
		if (str_eqz(path, console_assets[i].path)) f = &console_assets[i];
	if (!f) return false;
	size_t n = 0;
	h[n++] = (http_header){STR("ETag"), str_from(f->etag)};
	h[n++] = (http_header){STR("Cache-Control"), cache_control(path)};
	h[n++] = (http_header){STR("Vary"), STR("Accept-Encoding")};
	h[n++] = (http_header){STR("X-Content-Type-Options"), STR("nosniff")};
	if (is_known(c->req, str_from(f->etag))) {
		http_response res = {.status = 304, .headers = h, .header_count = n, .plain = true};
		http_send(c->req, &res);
	} else {
		send_coded(c, f, h, n);
	}
	return true;
}

/* ---- --console-assets-dir ---- */

/* Letters, digits and -_. in each part, which does not begin with a dot: nothing above the folder, nothing hidden. */
static bool is_plain_path(str path)
{
	bool begins = true;
	for (size_t i = 0; i < path.n; i++) {
		char ch = path.p[i];
		bool word = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
			ch == '-' || ch == '_';
		if (begins ? !word : !word && ch != '.' && ch != '/') return false;
		begins = ch == '/';
	}
	return path.n > 0 && !begins;
}

static str type_of(str path)
{
	static const struct {
		str end, type;
	} types[] = {
		{STR_INIT(".js"), STR_INIT("text/javascript; charset=utf-8")},
		{STR_INIT(".css"), STR_INIT("text/css; charset=utf-8")},
		{STR_INIT(".svg"), STR_INIT("image/svg+xml")},
		{STR_INIT(".png"), STR_INIT("image/png")},
		{STR_INIT(".woff2"), STR_INIT("font/woff2")},
		{STR_INIT(".json"), STR_INIT("application/json; charset=utf-8")},
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_ends(path, types[i].end)) return types[i].type;
	return STR_NULL;
}

static bool read_all(int fd, arena *a, str *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE) return false;
	size_t n = (size_t)st.st_size, done = 0;
	char *p = arena_alloc(a, n + 1);
	while (done < n) {
		ssize_t got = read(fd, p + done, n - done);
		if (got <= 0) return false;
		done += (size_t)got;
	}
	*out = (str){p, n};
	return true;
}

bool console_read_file(call *c, str path, str *out)
{
	if (!is_plain_path(path)) return false;
	str full = str_cat(c->a, 4, c->srv->config->console_assets_dir, STR("/"), path, (str){"", 1});
	int fd = open(full.p, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return false;
	bool ok = read_all(fd, c->a, out);
	close(fd);
	return ok;
}

bool console_send_file(call *c, str path)
{
	str type = type_of(path), body;
	if (!type.n || !console_read_file(c, path, &body)) return false;
	http_header h[] = {
		{STR("Cache-Control"), STR("no-cache")},
		{STR("X-Content-Type-Options"), STR("nosniff")},
	};
	http_response res = {.status = 200, .headers = h, .header_count = 2, .content_type = type, .body = body};
	http_send(c->req, &res);
	return true;
}
