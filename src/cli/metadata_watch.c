/*
 * metadata_watch: applies the metadata whenever a file of it is saved; with --pull, writes it when the server's changes.
 * The kernel says that something below the folder changed (inotify); a short rest follows, since editors save in steps.
 */
#include "cli/cmd_metadata.h"

#include "cli/files.h"
#include "cli/project_md.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { REST_MS = 200, PULL_MS = 2000, DEPTH_MAX = 16 };

typedef struct watch {
	cmd *c;
	project p;
	str home;
	int fd;
} watch;

/* Each folder is watched by itself; those already watched stay so. */
static bool watch_folder(arena *a, int fd, str dir, unsigned depth, error *err)
{
	static const uint32_t mask =
		IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF;
	str_vec names = {0};
	if (depth > DEPTH_MAX) return true;
	if (inotify_add_watch(fd, str_z(a, dir), mask) < 0)
		return error_set(err, ERR_UNEXPECTED, STR(""), "%.*s cannot be watched: %s%s", STR_ARG(dir),
			strerror(errno), errno == ENOSPC ? " (the system's limit is fs.inotify.max_user_watches)" : "");
	if (!dir_list(a, dir, &names, err)) return false;
	for (size_t i = 0; i < names.n; i++) {
		str path = path_join(a, dir, names.v[i]);
		if (path_is_dir(a, path) && !watch_folder(a, fd, path, depth + 1, err)) return false;
	}
	return true;
}

static bool watch_home(const watch *w, error *err)
{
	arena *a = arena_new(0);
	bool ok = watch_folder(a, w->fd, w->home, 0, err);
	arena_free(a);
	return ok;
}

static void drain(int fd)
{
	char events[4096] __attribute__((aligned(8)));
	while (read(fd, events, sizeof events) > 0)
		continue;
}

/* Waits for a change, at most ms (-1: for ever); true: there was one, and it is quiet again. */
static bool changed(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	if (poll(&p, 1, ms) <= 0) return false;
	drain(fd);
	while (poll(&p, 1, REST_MS) > 0)
		drain(fd);
	return true;
}

/* What each round says and keeps ends with it: the command may run for days. */
static void begin_round(const watch *w, arena *a, project *p, cmd *c)
{
	*c = *w->c;
	c->a = a;
	*p = w->p;
	p->c = c;
	p->a = a;
	p->curl = NULL;
}

static bool same_as_server(project *p, const json *doc, bool *same, error *err)
{
	json *now;
	if (!remote_metadata(p, "export_metadata", 0, NULL, &now, err)) return false;
	int version = json_getz(doc, "sources") ? 3 : 2;
	json *x = md_meaning(p->a, doc, version), *y = md_meaning(p->a, now, version);
	*same = x && y && json_equal(x, y);
	return true;
}

/* Mistakes are said and waited out: the next save may mend them. */
static void apply_round(const watch *w)
{
	arena *a = arena_new(0);
	project p;
	cmd c;
	md_folder f;
	json *doc;
	md_applied done;
	error err;
	bool same = false;
	begin_round(w, a, &p, &c);
	error_init(&err, a);
	bool ok = project_metadata_read(&p, &f, &doc, &err) && same_as_server(&p, doc, &same, &err);
	if (ok && !same) ok = project_metadata_apply(&p, &f, doc, true, &done, &err);
	if (!ok) term_log(&c, CMD_LOG_ERROR, "%.*s", STR_ARG(err.message));
	else if (!same && done.consistent) say_info(&c, "Metadata applied");
	else if (!same) {
		project_say_inconsistent(&p, &f, doc, done.objects);
		say_warn(&c, "Metadata applied, and what is named above is not served");
	}
	arena_free(a);
}

/* false: it cannot be asked, which was said once. */
static bool pull_round(const watch *w, bool was_there)
{
	arena *a = arena_new(0);
	project p;
	cmd c;
	error err;
	size_t written = 0, removed = 0;
	begin_round(w, a, &p, &c);
	error_init(&err, a);
	bool ok = project_metadata_pull(&p, &written, &removed, &err);
	if (!ok && was_there) term_log(&c, CMD_LOG_ERROR, "%.*s", STR_ARG(err.message));
	if (written || removed)
		say_info(&c, "Metadata exported, since the server's changed: %zu files written, %zu removed", written,
			removed);
	arena_free(a);
	return ok;
}

static bool run(cmd *c, error *err)
{
	watch w = {.c = c};
	bool pull = cmd_on(c, "pull"), there = true;
	if (!project_open(c, &w.p, err)) return false;
	w.home = project_metadata_home(&w.p, w.p.version);
	if (w.p.metadata_file.n || w.p.version == 1) w.home = path_dir(w.home);
	w.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w.fd < 0) return error_set(err, ERR_UNEXPECTED, STR(""), "files cannot be watched: %s", strerror(errno));
	bool ok = watch_home(&w, err);
	if (ok) apply_round(&w);
	if (ok)
		say_info(c, "watching %.*s: what is saved there is applied (Ctrl-C ends it)",
			STR_ARG(project_shown(&w.p, w.home)));
	while (ok) {
		if (changed(w.fd, pull ? PULL_MS : -1)) {
			ok = watch_home(&w, err);
			if (ok) apply_round(&w);
		} else if (pull) {
			there = pull_round(&w, there); /* what it writes is found to be the server's already */
		}
	}
	close(w.fd);
	return ok;
}

static const cmd_flag flags[] = {
	{"pull", 0, CMD_SWITCH, NULL, "also write the files when the server's metadata changes", NULL},
	{0},
};

const cmd_spec cmd_metadata_watch = {.name = "watch",
	.groups = CMD_SERVER,
	.flags = flags,
	.what = "apply the project's metadata whenever a file of it is saved",
	.text = "It begins with applying what is there. A mistake is named with its place and waited out. With --pull the server is\n"
		"asked every two seconds too; when both changed, the files win.\n",
	.run = run};
