// Every operation once, by the client that openapi-typescript and openapi-fetch make.
import { argv } from "node:process";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Change = components["schemas"]["Change"];
type ChangePage = components["schemas"]["ChangePage"];
type NewTask = components["schemas"]["NewTask"];
type StaleProblem = components["schemas"]["StaleProblem"];
type SortKey = components["schemas"]["SortKey"];

const [baseUrl = "", token = ""] = argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

/** The data of an answer that has some. */
function data<Data>(answer: { data?: Data; error?: { detail: string } }): Data {
  if (answer.data === undefined) throw new Error(answer.error?.detail);
  return answer.data;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

data(await api.GET("/health"));
data(await api.GET("/ready"));

const { user_id } = data(await api.GET("/api/me"));
const path = { user_id };

const body: NewTask = { title: "Buy oat milk", priority: "high", tags: ["errands"] };
const task = data(
  await api.POST("/api/{user_id}/tasks", {
    params: { path, header: { "Idempotency-Key": "a-1" } },
    body,
  }),
);
const one = { path: { user_id, task_id: task.id } };

const sort: SortKey = "-priority";
const listed = await api.GET("/api/{user_id}/tasks", {
  params: { path, query: { sort, priority: task.priority, count: true } },
});
check(data(listed)[0]?.id === task.id, "the list has the task");
check(listed.response.headers.get("X-Total-Count") === "1", "the list has a count");

const page = await api.GET("/api/{user_id}/tasks/page", { params: { path, query: { limit: 1 } } });
check(data(page).tasks[0]?.id === task.id && data(page).next === null, "a page");

check(data(await api.GET("/api/{user_id}/tasks/{task_id}", { params: one })).due_at === null, "get");

// A client that chooses the id may repeat the creation.
const own: NewTask = { id: crypto.randomUUID(), title: "Buy tea" };
for (const status of [201, 200]) {
  const answer = await api.POST("/api/{user_id}/tasks", { params: { path }, body: own });
  check(answer.response.status === status && data(answer).id === own.id, `a ${status} with its id`);
}

// A client may send back what it got.
const sentBack = { ...task, title: "Buy two oat milks" };
data(await api.PUT("/api/{user_id}/tasks/{task_id}", { params: one, body: sentBack }));
const patch = { description: null, due_at: "2026-01-09T17:00:00Z", position: "a0" };
data(await api.PATCH("/api/{user_id}/tasks/{task_id}", { params: one, body: patch }));

const stale = await api.DELETE("/api/{user_id}/tasks/{task_id}", {
  params: { ...one, header: { "If-Match": `"${task.revision}"` } },
});
check(stale.error?.status === 412, "a stale entity tag is refused");
const { task: present } = stale.error as StaleProblem;
check(present.title === "Buy two oat milks", "and the answer has the task as it is now");
check(stale.response.headers.get("ETag") !== null, "and the answer has the current one");

const deleted = await api.DELETE("/api/{user_id}/tasks/{task_id}", { params: one });
check(deleted.response.status === 204, "delete");
data(await api.POST("/api/{user_id}/tasks/{task_id}/restore", { params: one }));
const done = data(
  await api.PATCH("/api/{user_id}/tasks/{task_id}/complete", {
    params: one,
    body: { completed: true },
  }),
);
check(done.completed_at !== null, "complete");

// The priority of a task fits into a new one.
const daily = { due_on: "2026-01-09", recurrence: "FREQ=DAILY", time_zone: "Europe/Berlin" };
const copies: NewTask[] = [
  body,
  { title: done.title, priority: done.priority, tags: done.tags, ...daily },
];
check(
  data(await api.POST("/api/{user_id}/tasks/batch", { params: { path }, body: copies })).length === 2,
  "batch",
);
const cleared = await api.DELETE("/api/{user_id}/tasks", {
  params: { path, query: { completed: true } },
});
check(data(cleared).deleted === 1, "clear");

// It may also be a stream of events, which is a string here.
const copy = data(await api.GET("/api/{user_id}/changes", { params: { path } })) as ChangePage;
data(await api.PATCH("/api/{user_id}/tasks/{task_id}/complete", {
  params: { path: { user_id, task_id: copy.changes[0]?.id ?? "" } },
}));
const whole = data(
  await api.GET("/api/{user_id}/changes", { params: { path, query: { since: `${task.revision}` } } }),
) as ChangePage;
const titles = whole.changes.map((change) => ("deleted" in change ? null : change.title));
check(titles.filter((title) => title === null).length === 1, "the feed has a tombstone");

const made: Change = { id: crypto.randomUUID(), was: null, set: { title: "Offline" } };
const changed: Change = { id: made.id, was: { completed: false }, set: { completed: true } };
const conflict: Change = { id: made.id, was: { title: "x" }, set: { title: "y" } };
for (const [change, status] of [[made, 201], [changed, 200], [conflict, 409]] as const) {
  const changes = [change];
  const pushed = data(await api.POST("/api/{user_id}/changes", { params: { path }, body: { changes } }));
  const [result] = pushed.results;
  check(result?.status === status && result.task?.title === "Offline", `a push is a ${status}`);
  check((result?.errors ?? []).length === Number(status === 409), "with its errors");
}

const erased = await api.DELETE("/api/{user_id}", { params: { path } });
check(erased.response.status === 204, "erase");
