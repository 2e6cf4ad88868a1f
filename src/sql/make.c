/* make: the statements of each root of a plan. */
#include "sql/select.h"

/* PostgreSQL: a statement takes 65,535 parameters and selects 1,664 columns. */
enum { MAX_PARAMS = 65535, MAX_COLUMNS = 1664 };

bool sql_check_sizes(const sql_root *r, error *err)
{
	for (size_t i = 0; i < r->nstmts; i++) {
		const statement *s = r->stmts[i];
		if (s->nparams > MAX_PARAMS)
			return error_set(
				err, ERR_NOT_SUPPORTED, STR(""), "the query has more than %d values", MAX_PARAMS);
		if (s->ncols > MAX_COLUMNS)
			return error_set(err, ERR_NOT_SUPPORTED, STR(""),
				"the query selects more than %d columns at once", MAX_COLUMNS);
	}
	return true;
}

sql_build maker_build(const maker *m)
{
	sql_build b = sql_build_new(m->a, m->p->snap, m->source);
	b.multiplex = m->multiplex;
	return b;
}

const out_node *make_rows(maker *m, const plan_select *sel)
{
	if (sel->shape == SHAPE_AGGREGATE) return root_aggregate(m, sel);
	size_t index;
	const out_node *row = statement_of_rows(m, sel, NULL, &index);
	return out_rows(m->a, sel->shape == SHAPE_ONE ? OUT_FIRST : OUT_LIST, index, row);
}

static bool make_select(plan *p, const plan_root *root, const sql_options *opt, uint64_t rows, sql_root *r, error *err)
{
	const plan_select *sel = root->select;
	maker m = {.a = p->a,
		.p = p,
		.source = sel->source,
		.stringify = p->snap->options.stringify_numerics,
		.rows = rows};
	m.strategy = opt ? opt->strategy : SQL_AUTO;
	r->read_write = root->kind == ROOT_MUTATION_FUNCTION || (sel->function && sel->function->fn->volatile_read);
	/* One statement, so that the function runs once. */
	if (r->read_write) m.strategy = SQL_JSON;
	r->out = make_rows(&m, sel);
	r->stmts = m.stmts.v;
	r->nstmts = m.stmts.n;
	r->few = m.asked && r->nstmts == 1;
	r->many = m.asked && r->nstmts > 1;
	return sql_check_sizes(r, err);
}

/* A JSON text that is known already. */
static const out_node *constant(arena *a, const plan_root *root)
{
	return root->kind == ROOT_TYPENAME ? out_string(a, root->text) : out_text(a, root->text);
}

/*
 * Hasura v2: Execute/Transaction.hs. Only for this transaction: a pooler hands the connection on. A condition, which gives
 * one row of no columns: columns would be described and sent, and nobody reads them. None is NULL, so each is evaluated.
 * opening: also makes sure of a transaction that no BEGIN began (pg_job.implicit).
 */
static const statement *session_statement(plan *p, bool opening)
{
	sql_build b = sql_build_new(p->a, p->snap, NULL);
	val vars = {.kind = VAL_SESSION_JSON, .cast = STR("text")};
	buf text = {0};
	buf_puts(&text, "SELECT WHERE set_config('hasura.user', ");
	sql_put_val(&b, &text, &vars);
	buf_puts(&text, ", true) IS NOT NULL");
	if (opening) {
		buf_puts(&text, " AND set_config('transaction_isolation', 'read committed', true) IS NOT NULL");
		buf_puts(&text, " AND set_config('transaction_read_only', 'off', true) IS NOT NULL");
	}
	const statement *s = sql_finish(&b, &text, 0);
	buf_free(&text);
	return s;
}

bool sql_make(plan *p, const sql_options *opt, error *err)
{
	sql_plan *s = NEW(p->a, sql_plan);
	s->nroots = p->nroots;
	s->roots = NEW_ARRAY(p->a, sql_root, p->nroots);
	for (size_t i = 0; i < p->nroots; i++) {
		const plan_root *root = &p->roots[i];
		sql_root *r = &s->roots[i];
		r->root = root;
		bool fine = true;
		if (root->kind == ROOT_MUTATION) fine = sql_make_mutation(p, root, r, err);
		else if (root->kind == ROOT_ROWS || root->kind == ROOT_MUTATION_FUNCTION)
			fine = make_select(p, root, opt, opt && opt->rows_seen ? opt->rows_seen[i] : 0, r, err);
		else r->out = constant(p->a, root);
		if (!fine) return false;
	}
	if (p->kind == GQ_MUTATION) {
		s->session = session_statement(p, false);
		s->opening = session_statement(p, true);
	}
	p->statements = s;
	return true;
}

const char *sql_explain(arena *a, const statement *s)
{
	str text = str_cat(a, 2, STR("EXPLAIN (FORMAT TEXT) "), str_make(s->sql, s->sql_len));
	return str_z(a, text);
}
