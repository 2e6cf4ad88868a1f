#include "base/buf.h"
#include "base/uuid.h"
#include "server/console_assets.h"
#include "server/console_internal.h"
#include "server/endpoints.h"

/*
 * The console: one page for every path below /console, filled in with the way back to /console/ (it may be served below
 * any prefix) and a nonce for style elements; its files come from the binary or --console-assets-dir.
 */

enum { MAX_DEPTH = 32 };

/* Hasura v2: serveApiConsole. */
void console_root(call *c)
{
	http_header to = {STR("Location"), STR("console")};
	http_response res = {.status = 302, .headers = &to, .header_count = 1};
	if (!c->srv->config->enable_console) {
		not_found(c);
	} else {
		http_send(c->req, &res);
	}
}

size_t console_headers(arena *a, str nonce, http_header *h)
{
	static const char rest[] = "; script-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
				   "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
	str style = nonce.n ? str_printf(a, "style-src 'self' 'nonce-%.*s'", STR_ARG(nonce)) : STR("style-src 'self'");
	size_t n = 0;
	h[n++] = (http_header){
		STR("Content-Security-Policy"), str_cat(a, 3, STR("default-src 'none'; "), style, str_from(rest))};
	h[n++] = (http_header){STR("X-Frame-Options"), STR("DENY")};
	h[n++] = (http_header){STR("X-Content-Type-Options"), STR("nosniff")};
	h[n++] = (http_header){STR("Referrer-Policy"), STR("no-referrer")};
	return n;
}

static void send_page(call *c, int status, str nonce, str html)
{
	http_header h[CONSOLE_HEADERS];
	size_t n = console_headers(c->a, nonce, h);
	h[n++] = (http_header){STR("Cache-Control"), STR("no-store")};
	http_response res = {.status = status,
		.headers = h,
		.header_count = n,
		.content_type = STR("text/html; charset=utf-8"),
		.body = html};
	http_send(c->req, &res);
}

static const char missing[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Weir</title><h1>This binary has no console</h1>"
	"<p>It was built without the console's files. <code>./run build</code> builds them (it needs Node.js 20.19 or "
	"newer and fetches npm packages) and then the binary with them inside. Files built elsewhere are served with "
	"<code>--console-assets-dir console/dist</code>.";

/* From a page at `rest` below /console back to /console/. */
static bool way_back(arena *a, str rest, str *out)
{
	size_t depth = 0;
	buf b = {0};
	if (rest.n == 0) {
		*out = STR("console/");
		return true;
	}
	for (size_t i = 1; i < rest.n; i++)
		depth += rest.p[i] == '/';
	if (depth > MAX_DEPTH) return false;
	buf_puts(&b, "./");
	for (size_t i = 0; i < depth; i++)
		buf_puts(&b, "../");
	*out = str_cat(a, 1, buf_str(&b));
	buf_free(&b);
	return true;
}

static str fill_in(arena *a, str html, str mark, str with)
{
	size_t at = str_find(html, mark);
	if (at == SIZE_MAX) return html;
	return str_cat(a, 3, str_sub(html, 0, at), with, str_from_at(html, at + mark.n));
}

static void send_index(call *c, str rest)
{
	str html = str_from(console_index ? console_index : ""), base;
	unsigned char id[UUID_BYTES];
	char text[UUID_TEXT];
	if (c->srv->config->console_assets_dir.n && !console_read_file(c, STR("index.html"), &html)) html = STR("");
	if (!html.n) {
		send_page(c, 404, STR_NULL, str_from(missing));
		return;
	}
	if (!way_back(c->a, rest, &base)) {
		not_found(c);
		return;
	}
	uuid_make(id);
	uuid_format(id, text);
	str nonce = {text, UUID_TEXT};
	str base_tag = str_cat(c->a, 3, STR("<base href=\""), base, STR("\""));
	str nonce_tag = str_cat(c->a, 3, STR("name=\"weir-nonce\" content=\""), nonce, STR("\""));
	html = fill_in(c->a, html, STR("<base href=\"./\""), base_tag);
	html = fill_in(c->a, html, STR("name=\"weir-nonce\" content=\"\""), nonce_tag);
	send_page(c, 200, nonce, html);
}

static json *text_or_null(arena *a, str s)
{
	return s.n ? json_new_str(a, s) : json_new_null(a);
}

static json *environment_json(arena *a, const server_config *g)
{
	if (!g->console_environment.n && !g->console_environment_color.n) return json_new_null(a);
	json *o = json_new_object(a);
	json_setz(o, "name", text_or_null(a, g->console_environment));
	json_setz(o, "color", text_or_null(a, g->console_environment_color));
	return o;
}

/* What the page has to know before anybody has logged in. */
static void send_config(call *c)
{
	const server_config *g = c->srv->config;
	json *o = json_new_object(c->a);
	buf b = {0};
	bool secured = g->admin_secrets.n > 0;
	json_setz(o, "mode", json_new_str(c->a, STR("server")));
	json_setz(o, "token", json_new_null(c->a));
	json_setz(o, "serverVersion", json_new_str(c->a, STR(WEIR_VERSION)));
	json_setz(o, "adminSecretRequired", json_new_bool(c->a, secured));
	json_setz(o, "secured", json_new_bool(c->a, secured));
	json_setz(o, "migrationMode", json_new_bool(c->a, false));
	json_setz(o, "developerApi", json_new_bool(c->a, (g->apis & API_DEVELOPER) != 0));
	json_setz(o, "environment", environment_json(c->a, g));
	json_write(&b, o);
	http_header h = {STR("Cache-Control"), STR("no-store")};
	http_respond_buf(c->req, 200, &h, 1, &b);
}

void console_get(call *c)
{
	str rest = str_from_at(c->req->path, sizeof "/console" - 1);
	str file = rest.n ? str_from_at(rest, 1) : rest;
	c->req->log.skip = str_starts(rest, STR("/assets/"));
	if (!c->srv->config->enable_console) {
		not_found(c);
	} else if (str_eqz(rest, "/config.json")) {
		send_config(c);
	} else if (c->srv->config->console_assets_dir.n ? console_send_file(c, file) : console_send_asset(c, file)) {
		return;
	} else if (str_starts(rest, STR("/assets/"))) {
		not_found(c);
	} else {
		send_index(c, rest);
	}
}
