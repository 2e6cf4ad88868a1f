/* cmd_help: what the tables of commands say of themselves. */
#include "cli/cmd.h"

#include <string.h>

enum { NAME_WIDTH = 34 };

void cmd_list(FILE *out)
{
	for (const cmd_spec *const *s = cmd_roots; *s; s++)
		fprintf(out, "  %-13s%s\n", (*s)->name, (*s)->what);
}

static void print_flag(const cmd_flag *f, void *data)
{
	FILE *out = data;
	char name[NAME_WIDTH * 2];
	if (!f->help) return;
	snprintf(name, sizeof name, "  %c%c%s --%s %s", f->letter ? '-' : ' ', f->letter ? f->letter : ' ',
		f->letter ? "," : " ", f->name, f->value ? f->value : "");
	fprintf(out, "%-*s %s\n", NAME_WIDTH, name, f->help);
}

static const cmd_spec *descend(const cmd_spec *const *list, const char *word)
{
	for (; list && *list; list++) {
		if (strcmp((*list)->name, word) == 0) return *list;
		const char *found = (*list)->aliases ? strstr((*list)->aliases, word) : NULL;
		size_t n = strlen(word);
		if (found && (found == (*list)->aliases || found[-1] == ' ') && (!found[n] || found[n] == ' '))
			return *list;
	}
	return NULL;
}

static void print_page(FILE *out, const char *program, const cmd_spec *s, const char *path)
{
	fprintf(out, "%s\n\nusage: %s %s%s%s%s [FLAGS]\n", s->what, program, path, s->subs ? " COMMAND" : "",
		s->args ? " " : "", s->args ? s->args : "");
	if (s->aliases) fprintf(out, "also:  %s\n", s->aliases);
	if (s->text) fprintf(out, "\n%s", s->text);
	if (s->subs) fprintf(out, "\ncommands:\n");
	for (const cmd_spec *const *sub = s->subs; sub && *sub; sub++)
		fprintf(out, "  %-15s%s\n", (*sub)->name, (*sub)->what);
	if (s->subs) {
		fprintf(out, "\n%s %s COMMAND --help says more.\n", program, path);
		return;
	}
	fprintf(out, "\nflags:\n");
	cmd_each_flag(s, print_flag, out);
}

bool cmd_help(FILE *out, const char *program, int n, char *const *words)
{
	const cmd_spec *const *list = cmd_roots;
	const cmd_spec *found = NULL;
	char path[128] = "";
	for (int i = 0; i < n; i++) {
		found = descend(list, words[i]);
		if (!found) return false;
		size_t used = strlen(path);
		snprintf(path + used, sizeof path - used, "%s%s", used ? " " : "", found->name);
		list = found->subs;
	}
	if (!found) return false;
	print_page(out, program, found, path);
	return true;
}
