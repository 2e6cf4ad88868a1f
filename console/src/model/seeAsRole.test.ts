import { expect, it } from 'vitest';
import { inlineClause } from './seeAsRole';

it('values are written out, quoted parts stay', () => {
	expect(
		inlineClause({
			sql: `(t1."a$1" = ($1)::text AND t1."b" <> '$2' AND t1."c" = ($2)::int AND t1."d" = ($10)::text)`,
			values: [{ value: "O'Hara" }, { session: 'x', value: null }],
		}),
	).toBe(`(t1."a$1" = ('O''Hara')::text AND t1."b" <> '$2' AND t1."c" = (NULL)::int AND t1."d" = (NULL)::text)`);
});
