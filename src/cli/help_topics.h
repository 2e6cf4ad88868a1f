/* help_topics: pages of `weir help` on things that are no command. */
#pragma once

typedef struct help_topic {
	const char *name, *what, *text;
} help_topic;

extern const help_topic help_topics[]; /* ends with a NULL name */
/* NULL: there is none of that name. */
const help_topic *help_topic_find(const char *name);
