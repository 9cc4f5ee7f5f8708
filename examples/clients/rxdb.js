// Keeps an RxDB collection equal to a user's tasks: offline, merged member by member, live.
import { replicateRxCollection } from "rxdb/plugins/replication";

export function replicateTasks(collection, url, token) {
  const members = [...Object.keys(collection.schema.jsonSchema.properties), "deleted"];
  const pick = (tasks) => JSON.parse(JSON.stringify(tasks, members));
  let next, newest = {}; // What was overtaken on its way must not undo what is newer.
  const fresh = (tasks) => pick(tasks.filter((t) => !(newest[t.id] > t.revision) && (newest[t.id] = t.revision)));
  async function call(query, options) {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${await token()}` };
    const answer = await fetch(`${url}/changes${query}`, { headers, ...options });
    if (!answer.ok && answer.status !== 410) throw new Error(await answer.text());
    return answer.json();
  }
  async function pull(since = "0", wait = 0) {
    const page = await call(`?since=${since}&wait=${wait}`);
    if (page.next) return { documents: fresh(page.changes), checkpoint: { next: next = page.next } };
    [next, newest] = ["0", {}]; // A 410: the copy begins again, but what is to be pushed stays.
    const all = await collection.find().exec();
    return { documents: all.map((task) => ({ ...task.toJSON(), deleted: true })), checkpoint: { next } };
  }
  async function push(rows) {
    const changes = rows.map(({ assumedMasterState: was, newDocumentState: { deleted, ...set } }) => deleted
      ? { id: set.id, deleted }
      : { id: set.id, set, was: was ? { ...was, deleted: undefined } : null, ...(was?.deleted && { deleted }) });
    const { results } = await call("", { method: "POST", body: JSON.stringify({ changes }) });
    if (results.some(({ status }) => status === 503)) throw new Error("Not all was done in time.");
    const now = results.map(({ task }, n) => task ?? { ...rows[n].newDocumentState, deleted: true });
    replication.awaitInitialReplication().then(() => replication.emitEvent({ documents: fresh(now), checkpoint: {} }));
    return pick(now.filter((_, n) => results[n].status > 201));
  }
  const replication = replicateRxCollection({ collection, replicationIdentifier: url, deletedField: "deleted",
    pull: { batchSize: 500, handler: (at) => pull(at?.next) }, push: { batchSize: 25, handler: push } });
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1000 + 1000 * Math.random()));
  replication.awaitInitialReplication().then(async () => {
    while (!replication.isStopped())
      await Promise.all([pull(next, 25).then((page) => replication.emitEvent(page), () => {}), pause()]);
  });
  return replication;
}
