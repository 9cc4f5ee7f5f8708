// Makes the tables of auth.ts, which is the sample of docs/identity.md, and serves it.
import { createServer } from "node:http";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { auth } from "./auth.js";

const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const { hostname, port } = new URL(auth.options.baseURL);
createServer(toNodeHandler(auth)).listen(Number(port), hostname);
