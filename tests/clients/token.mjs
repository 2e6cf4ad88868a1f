// A token as a login service would sign it, with the key the test gave the server.
import { createHmac } from "node:crypto";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function token(seconds) {
	const claims = { "x-hasura-allowed-roles": ["user"], "x-hasura-default-role": "user", "x-hasura-user-id": "1" };
	const text = encode({ typ: "JWT", alg: "HS256" }) + "." + encode({ "https://hasura.io/jwt/claims": claims, exp: Math.floor(Date.now() / 1000) + seconds });
	return text + "." + createHmac("sha256", process.env.WEIR_KEY).update(text).digest("base64url");
}
