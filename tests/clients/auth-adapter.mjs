// Auth.js' adapter: a user's way from the first sign-in to the end of the account, as Auth.js calls it.
import { HasuraAdapter } from "@auth/hasura-adapter";
import { assert, secret, url } from "./start.mjs";

const adapter = HasuraAdapter({ endpoint: url, adminSecret: secret });
const verified = new Date("2026-01-02T03:04:05.678Z");

const user = await adapter.createUser({ name: "Ada", email: "ada@example.org", emailVerified: verified, image: null });
assert.match(user.id, /^[0-9a-f-]{36}$/);
assert.deepEqual(user.emailVerified, verified);
assert.deepEqual(await adapter.getUser(user.id), user);
assert.deepEqual(await adapter.getUserByEmail("ada@example.org"), user);
assert.equal(await adapter.getUserByEmail("nobody@example.org"), null);

await adapter.linkAccount({ userId: user.id, type: "oauth", provider: "github", providerAccountId: "1", access_token: "t", expires_at: 1893456000, token_type: "bearer", scope: "user" });
assert.equal((await adapter.getUserByAccount({ provider: "github", providerAccountId: "1" })).id, user.id);
assert.equal(await adapter.getUserByAccount({ provider: "github", providerAccountId: "2" }), null);
assert.equal((await adapter.updateUser({ id: user.id, name: "Ada L." })).name, "Ada L.");

const expires = new Date("2030-01-01T00:00:00.000Z");
const session = await adapter.createSession({ sessionToken: "token", userId: user.id, expires });
assert.deepEqual(session.expires, expires);
const both = await adapter.getSessionAndUser("token");
assert.equal(both.user.email, "ada@example.org");
assert.deepEqual(both.session.expires, expires);
const later = new Date("2031-01-01T00:00:00.000Z");
assert.deepEqual((await adapter.updateSession({ sessionToken: "token", expires: later })).expires, later);
await adapter.deleteSession("token");
assert.equal(await adapter.getSessionAndUser("token"), null);

const mail = { identifier: "ada@example.org", token: "123456", expires };
await adapter.createVerificationToken(mail);
assert.deepEqual((await adapter.useVerificationToken({ identifier: mail.identifier, token: mail.token })).expires, expires);
assert.equal(await adapter.useVerificationToken({ identifier: mail.identifier, token: mail.token }), null);

await adapter.unlinkAccount({ provider: "github", providerAccountId: "1" });
await adapter.deleteUser(user.id);
assert.equal(await adapter.getUser(user.id), null);
