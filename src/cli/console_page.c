/* console_page: the console's files out of this binary. server/console.c serves the same from the server. */
#include "base/uuid.h"
#include "cli/console_serve.h"
#include "cli/migrate_state.h"
#include "server/console_assets.h"
#include "server/gzip.h"

static const char policy[] =
	"default-src 'none'; style-src 'self' 'nonce-%s'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
	"connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

static str fill_in(arena *a, str html, str mark, str with)
{
	size_t at = str_find(html, mark);
	if (at == SIZE_MAX) return html;
	return str_cat(a, 3, str_sub(html, 0, at), with, str_from_at(html, at + mark.n));
}

static void send_index(console_request *r)
{
	unsigned char id[UUID_BYTES];
	char nonce[UUID_TEXT + 1] = "";
	if (!console_index) {
		console_answer(r, 404, "text/plain; charset=utf-8", "",
			STR("This binary was built without the console: ./run build makes one with it.\n"));
		return;
	}
	uuid_make(id);
	uuid_format(id, nonce);
	str html = fill_in(r->a, str_from(console_index), STR("<base href=\"./\""), STR("<base href=\"/console/\""));
	str tag = str_printf(r->a, "name=\"weir-nonce\" content=\"%s\"", nonce);
	html = fill_in(r->a, html, STR("name=\"weir-nonce\" content=\"\""), tag);
	buf more = {0};
	buf_puts(&more, "Content-Security-Policy: ");
	buf_printf(&more, policy, nonce);
	buf_puts(&more, "\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n");
	buf_putc(&more, '\0');
	console_answer(r, 200, "text/html; charset=utf-8", more.p, html);
	buf_free(&more);
}

static void send_asset(const console_request *r, const console_asset *f)
{
	str coding = console_header(r, "accept-encoding"), more, body;
	const char *cache =
		str_starts(str_from(f->path), STR("assets/")) ? "public, max-age=31536000, immutable" : "no-cache";
	buf plain = {0};
	bool br = coding.p && str_find(coding, STR("br")) != SIZE_MAX;
	bool gz = !br && coding.p && str_find(coding, STR("gzip")) != SIZE_MAX;
	body = br ? str_make((const char *)console_blob + f->br_at, f->br_length)
		  : str_make((const char *)console_blob + f->gz_at, f->gz_length);
	if (!br && !gz) {
		gzip_expand(body, f->length, &plain);
		body = buf_str(&plain);
	}
	const char *form = br ? "Content-Encoding: br\r\n" : gz ? "Content-Encoding: gzip\r\n" : "";
	more = str_printf(r->a, "%sCache-Control: %s\r\nVary: Accept-Encoding\r\n", form, cache);
	console_answer(r, 200, f->type, str_z(r->a, more), body);
	buf_free(&plain);
}

/* What the server's own console would say of itself: its name and colour, and whether it tells of live queries. */
static void from_server(project *p, arena *a, json *o)
{
	remote_request ask = {.method = "GET", .path = STR("console/config.json"), .timeout_s = 10};
	long status = 0;
	str text;
	json *said = NULL;
	error ignored;
	error_init(&ignored, a);
	bool fine =
		remote_call(p, &ask, &status, &text, &ignored) && status == 200 && json_parse(a, text, &said, &ignored);
	const json *name = fine ? json_getz(said, "environment") : NULL;
	const json *developer = fine ? json_getz(said, "developerApi") : NULL;
	json_setz(o, "environment", name ? json_copy(a, name) : json_new_null(a));
	if (developer) json_setz(o, "developerApi", json_copy(a, developer));
}

static void send_config(console_server *s, console_request *r, bool known)
{
	cmd c = *s->c;
	project p = *s->p;
	migrate_state state = {.mode = true};
	error err;
	c.a = p.a = r->a;
	p.c = &c;
	p.curl = NULL;
	error_init(&err, r->a);
	json *o = json_new_object(r->a);
	bool read = known && migrate_state_read(&p, &state, &err);
	json_setz(o, "mode", json_new_str(r->a, STR("cli")));
	json_setz(o, "token", known ? json_new_str(r->a, s->token) : json_new_null(r->a));
	json_setz(o, "endpoint", json_new_str(r->a, p.endpoint));
	json_setz(o, "serverVersion", json_new_str(r->a, s->server_version));
	/* The secret is put in here, so the page need not ask for it. */
	json_setz(o, "adminSecretRequired", json_new_bool(r->a, false));
	json_setz(o, "secured", json_new_bool(r->a, s->p->admin_secret.n > 0));
	json_setz(o, "migrationMode", json_new_bool(r->a, read && state.mode && !p.django));
	json_setz(o, "migrationsOwner", p.django ? json_new_str(r->a, STR("django")) : json_new_null(r->a));
	if (known) from_server(&p, r->a, o);
	else json_setz(o, "environment", json_new_null(r->a));
	console_answer_json(r, known ? 200 : 403, o);
}

void console_page(console_server *s, console_request *r, bool known)
{
	str rest = str_from_at(r->path, STR("/console").n), file = rest.n ? str_from_at(rest, 1) : rest;
	if (str_eqz(file, "config.json")) {
		send_config(s, r, known);
		return;
	}
	for (size_t i = 0; i < console_asset_count; i++) {
		if (!str_eqz(file, console_assets[i].path)) continue;
		send_asset(r, &console_assets[i]);
		return;
	}
	if (str_starts(file, STR("assets/"))) console_answer_error(r, 404, "not-found", STR("there is no such file"));
	else send_index(r);
}
