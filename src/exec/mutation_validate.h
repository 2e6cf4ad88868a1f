/*
 * mutation_validate: asks the input validation webhooks of permissions whether the mutations of a step may run. Hasura v2:
 * Backends/Postgres/Execute/Mutation.hs, validateMutation. Private to exec/.
 */
#pragma once
#include "exec/step.h"

typedef struct mutation_validation mutation_validation;

/* Webhooks of the step's mutations; NULL: there are none. */
mutation_validation *mutation_validate(exec_step *s, void (*then)(exec_step *s, bool ok));
/* Asks them one after the other; leads to then(s, ok) once, now or later; not ok: the run's error is filled. */
void mutation_validate_start(mutation_validation *v);
/* Ends the call under way; NULL and finished ones are fine. */
void mutation_validate_cancel(mutation_validation *v);
