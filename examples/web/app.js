// A to-do page that works offline: a copy of the tasks and the changes that were not sent yet are kept
// in IndexedDB. Changes are sent by `POST …/changes`, and come in by the live feed `GET …/changes`.
// No build step and no library: copy what you need.

const api = new URL("../api/", document.baseURI);
const user = localStorage.user = new URLSearchParams(location.search).get("user") ?? localStorage.user ?? crypto.randomUUID();
// Where requests need a token: {Authorization: `Bearer ${await yourToken()}`}.
const headers = async () => ({});
const changes = (query = "") => new URL(`${user}/changes${query}`, api);

// ---------------------------------------------------------------------------------------------------
// What is kept: `tasks` as the service has them, `outbox` with the change of each task that is `sending`
// and the one that is `waiting` for its answer, and `next`, the position in the feed. Two windows share it, and tell each other when it has changed.

const database = await new Promise((resolve, reject) => {
  const opening = indexedDB.open(`tasks-${user}`, 1);
  opening.onupgradeneeded = () => {
    for (const name of ["tasks", "outbox"]) opening.result.createObjectStore(name, {keyPath: "id"});
    opening.result.createObjectStore("about");
  };
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
const result = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Run `work` in one transaction on the three stores: all of it is kept, or nothing. */
async function transact(work) {
  const names = ["tasks", "outbox", "about"];
  const transaction = database.transaction(names, "readwrite");
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const value = await work(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
  await done;
  return value;
}

const windows = new BroadcastChannel(`tasks-${user}`);
windows.onmessage = () => show();
function changed() {
  windows.postMessage("changed");
  return show();
}

// ---------------------------------------------------------------------------------------------------
// Changes of this device. Each says what a member is to be, and what it was when it was changed here:
// the service refuses it (409) only if somebody else has changed the same member to something else.

/** Change members of a task, or make it (`task` is null), and send this when there is a connection. */
async function change(id, task, set) {
  await transact(async ({outbox}) => {
    const entry = await result(outbox.get(id)) ?? {id};
    const {was, ...waiting} = entry.waiting ?? {id, set: {}, was: task && {}};
    for (const [name, value] of Object.entries(set)) {
      if (was && !(name in was)) was[name] = task[name] ?? null;
      waiting.set[name] = value;
    }
    outbox.put({...entry, waiting: {...waiting, was}});
  });
  await changed();
  push();
}

async function remove(id) {
  await transact(async ({outbox}) => outbox.put({...await result(outbox.get(id)), id, waiting: {id, deleted: true}}));
  await changed();
  push();
}

/** Return at most 100 changes to send. What was sent is sent again as it was, until its answer comes. */
const toSend = () => transact(async ({outbox}) => {
  const entries = await result(outbox.getAll(null, 100));
  return entries.map(({id, sending, waiting}) => {
    if (!sending) outbox.put({id, sending: waiting});
    return sending ?? waiting;
  });
});

/** Send all that waits, 100 changes at a time. A repeat does no harm, so a lost answer doesn't either. */
let pushing = false;
async function push() {
  if (pushing) return;
  pushing = true;
  try {
    for (let sent; (sent = await toSend()).length;) {
      const answer = await fetch(changes(), {
        method: "POST",
        headers: {"Content-Type": "application/json", ...await headers()},
        body: JSON.stringify({changes: sent}),
      });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const {results} = await answer.json();
      await transact(async ({tasks, outbox}) => {
        for (const done of results) {
          if (done.status >= 500) continue;
          const {id, waiting} = await result(outbox.get(done.id));
          if (waiting) outbox.put({id, waiting});
          else outbox.delete(id);
          if (done.task) tasks.put(done.task);
          else tasks.delete(done.id);
          if (done.status === 409) notice(`“${done.task.title}” was changed elsewhere; that change was kept.`);
          if (done.status === 422) notice(done.errors.map(({detail}) => detail).join(" "));
        }
      });
      await changed();
      if (results.some(({status}) => status >= 500)) throw new Error("503");
    }
  } catch {
    setTimeout(push, 2000 + 3000 * Math.random());
  } finally {
    pushing = false;
    show();
  }
}

// ---------------------------------------------------------------------------------------------------
// Changes of others: a stream of pages, each with the position to go on from. `EventSource` can't send
// a token, so this reads the stream by itself (HTML, section 9.2.6, as far as it is needed).

async function* events(stream) {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = {event: "message", data: ""};
      for (const line of block.split("\n")) {
        const [name, value] = line.split(/: ?(.*)/s);
        if (name in event) event[name] += name === "data" ? value : "";
        if (name === "event") event.event = value;
      }
      if (event.data) yield {name: event.event, data: JSON.parse(event.data)};
    }
  }
}

async function apply(page) {
  await transact(async ({tasks, about}) => {
    for (const task of page.changes) {
      const known = await result(tasks.get(task.id));
      if (known && known.revision >= task.revision) continue;
      if (task.deleted) tasks.delete(task.id);
      else tasks.put(task);
    }
    about.put(page.next, "next");
  });
  await changed();
}

/** Forget the copy, not what waits to be sent: the next answer begins a new copy. */
const copyAgain = () => transact(({tasks, about}) => { tasks.clear(); about.delete("next"); });

async function follow() {
  for (let wait = 1000; ; wait = Math.min(2 * wait, 30_000)) {
    try {
      const since = await result(database.transaction("about").objectStore("about").get("next")) ?? "0";
      const answer = await fetch(changes(`?since=${since}`), {
        headers: {Accept: "text/event-stream", ...await headers()},
      });
      if (answer.status === 410) await copyAgain();
      if (!answer.ok) throw new Error(`${answer.status}`);
      setLive(true);
      for await (const {name, data} of events(answer.body)) {
        if (name === "changes") await apply(data);
        if (name === "gone") await copyAgain();
        wait = 1000;
      }
    } catch { /* The network has gone, or the service is not there: try again. */ }
    setLive(false);
    await new Promise((resolve) => {
      setTimeout(resolve, wait * (0.5 + Math.random()));
      addEventListener("online", resolve, {once: true});
    });
  }
}

// ---------------------------------------------------------------------------------------------------
// The order: each task has a key, and a task between two others gets a key between theirs. A new task
// is the last one: its key is the time.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function newest() {
  let key = "V";
  for (let time = Date.now(); time; time = Math.floor(time / 62)) key = DIGITS[time % 62] + key;
  return key;
}

/** Return a key between two others; "" is the beginning, null the end. */
function between(before, after) {
  let same = 0;
  while (after && (before[same] ?? "0") === after[same]) same++;
  if (same) return after.slice(0, same) + between(before.slice(same), after.slice(same));
  const low = before ? DIGITS.indexOf(before[0]) : 0;
  const high = after ? DIGITS.indexOf(after[0]) : DIGITS.length;
  if (high - low > 1) return DIGITS[Math.round((low + high) / 2)];
  if (after?.length > 1) return after[0];
  return DIGITS[low] + between(before.slice(1), null);
}

const byOrder = (a, b) =>
  (a.position ?? "~") < (b.position ?? "~") ? -1 : (a.position ?? "~") > (b.position ?? "~") ? 1 : a.id < b.id ? -1 : 1;

/** Move a task in front of another one, or to the end. Tasks without a key get one first. */
async function move(id, beforeId) {
  const all = (await read()).filter((task) => task.id !== id);
  let last = "";
  for (const task of all) {
    if (task.position) last = task.position;
    else await change(task.id, task, {position: last = between(last, null)});
  }
  const ordered = (await read()).filter((task) => task.id !== id);
  const place = beforeId ? ordered.findIndex((task) => task.id === beforeId) : ordered.length;
  const position = between(ordered[place - 1]?.position ?? "", ordered[place]?.position ?? null);
  await change(id, (await read()).find((task) => task.id === id), {position});
}

// ---------------------------------------------------------------------------------------------------
// The page.

const $ = (selector, root = document) => root.querySelector(selector);
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
let live = false;

function setLive(now) {
  live = now;
  show();
}

function notice(text) {
  const item = document.createElement("li");
  item.textContent = text;
  $("#notices").append(item);
  setTimeout(() => item.remove(), 15_000);
}

/** Return the tasks as this device sees them: those of the service, with what waits to be sent. */
async function read() {
  const transaction = database.transaction(["tasks", "outbox"]);
  const [tasks, outbox] = await Promise.all(
    ["tasks", "outbox"].map((name) => result(transaction.objectStore(name).getAll())));
  const known = new Map(tasks.map((task) => [task.id, task]));
  for (const {id, set, deleted} of outbox.flatMap(({sending, waiting}) => [sending, waiting]).filter(Boolean)) {
    if (deleted) known.delete(id);
    else known.set(id, {title: "", completed: false, ...known.get(id), id, ...set, waiting: true});
  }
  return [...known.values()].sort(byOrder);
}

let showing = Promise.resolve();
const show = () => showing = showing.then(render, render);

async function render() {
  const tasks = await read();
  const waiting = tasks.filter((task) => task.waiting).length;
  $("#state").textContent = `${live ? "live" : "offline"}${waiting ? `, ${waiting} to send` : ""}`;
  $("#state").classList.toggle("live", live);
  const wanted = fold($("#search").value), onlyOpen = $("#open").checked;
  const shown = tasks.filter((task) => fold(task.title).includes(wanted) && !(onlyOpen && task.completed));
  const list = $("#tasks"), items = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const today = new Date().toLocaleDateString("sv");
  for (const [number, task] of shown.entries()) {
    const item = items.get(task.id) ?? newItem(task.id);
    items.delete(task.id);
    item.classList.toggle("done", task.completed);
    item.classList.toggle("waiting", Boolean(task.waiting));
    item.classList.toggle("no-day", !task.due_on);
    item.classList.toggle("late", !task.completed && Boolean(task.due_on) && task.due_on < today);
    $(".completed", item).checked = task.completed;
    // What somebody is typing stays.
    for (const name of ["title", "due_on"]) {
      const input = $(`.${name}`, item);
      if (document.activeElement !== input) input.value = task[name] ?? "";
    }
    if (list.children[number] !== item) list.insertBefore(item, list.children[number] ?? null);
  }
  for (const item of items.values()) item.remove();
}

function newItem(id) {
  const item = $("#task").content.firstElementChild.cloneNode(true);
  item.dataset.id = id;
  const edit = async (set) => change(id, (await read()).find((task) => task.id === id), set);
  $(".completed", item).onchange = ({target}) => edit({completed: target.checked});
  $(".title", item).onchange = ({target}) => target.value.trim() ? edit({title: target.value}) : show();
  $(".due_on", item).onchange = ({target}) => edit({due_on: target.value || null, due_at: null});
  $(".delete", item).onclick = () => remove(id);
  item.ondragstart = ({dataTransfer}) => dataTransfer.setData("text/plain", id);
  item.ondragover = (event) => { event.preventDefault(); item.classList.add("over"); };
  item.ondragleave = () => item.classList.remove("over");
  item.ondrop = (event) => {
    event.preventDefault();
    item.classList.remove("over");
    const moved = event.dataTransfer.getData("text/plain");
    if (moved !== id) move(moved, id);
  };
  item.onkeydown = async (event) => {
    const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
    if (step && event.altKey) {
      event.preventDefault();
      const order = (await read()).map((task) => task.id), place = order.indexOf(id);
      if (order[place + step]) await move(id, step < 0 ? order[place - 1] : order[place + 2]);
      event.target.focus();
    } else if (step && !event.target.matches("[type=date]")) {
      event.preventDefault();
      (step < 0 ? item.previousElementSibling : item.nextElementSibling)?.focus();
    } else if (event.target === item && event.key === "Delete") remove(id);
    else if (event.target === item && event.key === " ") { event.preventDefault(); $(".completed", item).click(); }
    else if (event.target === item && event.key === "Enter") $(".title", item).focus();
  };
  return item;
}

$("#new").onsubmit = (event) => {
  event.preventDefault();
  const {title, due_on} = Object.fromEntries(new FormData(event.target));
  if (title.trim()) change(crypto.randomUUID(), null, {title, due_on: due_on || null, position: newest()});
  event.target.reset();
};
$("#search").oninput = $("#open").onchange = show;
addEventListener("online", push);
await show();
push();
follow();
