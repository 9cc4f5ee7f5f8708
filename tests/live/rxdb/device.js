// A device: does what it reads, one JSON array a line, and answers each with a line of JSON.
import { argv, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";
import { addRxPlugin, createRxDatabase } from "rxdb/plugins/core";
import { RxDBDevModePlugin, disableWarnings } from "rxdb/plugins/dev-mode";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { wrappedValidateAjvStorage } from "rxdb/plugins/validate-ajv";
import { replicateTasks } from "./rxdb.js";

const [url, token] = argv.slice(2);

// What each document has is checked as in development.
disableWarnings();
addRxPlugin(RxDBDevModePlugin);
const storage = wrappedValidateAjvStorage({ storage: getRxStorageMemory() });

// The network: there, gone, or with answers that don't come through.
let network = new AbortController();
let answers = true;
const { fetch } = globalThis;
globalThis.fetch = async (address, options) => {
  const answer = await fetch(address, { ...options, signal: network.signal });
  if (!answers && options.method) throw new TypeError("The answer was lost.");
  return answer;
};

const text = { type: ["string", "null"], default: null };
const schema = {
  version: 0,
  type: "object",
  primaryKey: "id",
  properties: {
    id: { type: "string", maxLength: 36 },
    title: { type: "string" },
    completed: { type: "boolean", default: false },
    tags: { type: "array", items: { type: "string" }, default: [] },
    due_on: text,
    position: text,
  },
};
const database = await createRxDatabase({ name: "device", storage, multiInstance: false });
const { tasks } = await database.addCollections({ tasks: { schema } });

let replication, errors = [], conflicts = 0;
const one = async (id) => (await tasks.findOne(id).exec(true));
const acts = {
  begin() {
    replication = replicateTasks(tasks, url, async () => token);
    replication.retryTime = 100;
    replication.error$.subscribe(({ parameters }) => errors.push(parameters.errors?.[0]?.message ?? "?"));
    replication.conflict$.subscribe(() => conflicts++);
  },
  start() {
    acts.begin();
    return replication.awaitInitialReplication();
  },
  stop: () => replication.cancel(),
  online: () => { network = new AbortController(); answers = true; },
  offline: () => network.abort(),
  loseAnswers: () => { answers = false; },
  insert: (task) => tasks.insert(task),
  patch: async (id, members) => (await one(id)).patch(members),
  remove: async (id) => (await one(id)).remove(),
  tasks: async () => (await tasks.find().exec()).map((task) => task.toJSON()),
  conflicts: () => conflicts,
  errors: () => errors,
};
for await (const line of createInterface({ input: stdin })) {
  const [act, ...given] = JSON.parse(line);
  const result = await acts[act](...given);
  stdout.write(`${JSON.stringify(["tasks", "conflicts", "errors"].includes(act) ? result : null)}\n`);
}
process.exit();
