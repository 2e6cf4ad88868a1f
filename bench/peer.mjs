// PostGraphile 5 with the names of version 4, so that its questions read like everybody's.
import { createRequire } from "node:module";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makeV4Preset } from "postgraphile/presets/v4";
import { makePgService } from "postgraphile/adaptors/pg";

const filters = createRequire(import.meta.url)("postgraphile-plugin-connection-filter");

export default {
	extends: [
		PostGraphileAmberPreset,
		makeV4Preset({ graphiql: false, disableQueryLog: true }),
		filters.PostGraphileConnectionFilterPreset,
	],
	schema: { connectionFilterRelations: true },
	pgServices: [
		makePgService({ connectionString: process.env.DATABASE_URL, schemas: ["public"], poolConfig: { max: 20 } }),
	],
	grafserv: { host: "127.0.0.1", port: Number(process.env.PORT), graphqlPath: "/graphql", watch: false, graphiql: false },
	grafast: { explain: false },
};
