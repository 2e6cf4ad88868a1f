// What the scripts here share: where the server is, and the assertions. Each script plays an unmodified client against a
// Weir server whose tables tests/api/test_clients_http.py has made; it ends with status 0 when all was as it should be.
import assert from "node:assert/strict";

export const url = process.env.WEIR_URL + "/v1/graphql";
export const secret = process.env.WEIR_SECRET;
export const headers = { "x-hasura-admin-secret": secret };
export { assert };

// Names of rows, for short comparisons.
export const names = (rows) => rows.map((row) => row.name);
