import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import createClient from "openapi-fetch";
import { useEffect, useRef } from "react";
import { createRoot } from "react-dom/client";
import type { paths } from "./schema.js";
import { type Task, useTasks } from "./tanstack_query.js";

const { baseUrl = "", user = "", token = "" } = Object.fromEntries(new URLSearchParams(location.search));
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

function newTask(title: string): Task {
  const now = new Date().toISOString();
  return {
    id: crypto.randomUUID(), user_id: user, title, description: null, completed: false, completed_at: null,
    due_at: null, due_on: null, time_zone: null, recurrence: null, next_task_id: null,
    priority: "none", tags: [], position: null,
    revision: 0, created_at: now, updated_at: now,
  };
}

function Tasks() {
  const { list, tasks, create, edit } = useTasks(api, user);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting && list.hasNextPage && !list.isFetching) list.fetchNextPage();
    });
    if (end.current) watch.observe(end.current);
    return () => watch.disconnect();
  });
  const problem = create.error ?? edit.error;
  return (
    <>
      <form onSubmit={(event) => {
        event.preventDefault();
        create.mutate(newTask(`${new FormData(event.currentTarget).get("title")}`));
      }}>
        <input name="title" />
      </form>
      <p role="alert">
        {problem?.task ? `Changed elsewhere: ${problem.task.title}` : problem?.detail}
      </p>
      <ol>{tasks.map((task) => <Row key={task.id} task={task} set={(set) => edit.mutate({ id: task.id, set })} />)}</ol>
      <div ref={end}>{list.hasNextPage ? "…" : "end"}</div>
    </>
  );
}

function Row({ task, set }: { task: Task; set: (set: { completed: boolean }) => void }) {
  return (
    <li data-revision={task.revision} style={{ height: 40 }}>
      <input type="checkbox" checked={task.completed} onChange={() => set({ completed: !task.completed })} />
      <span>{task.title}</span>
    </li>
  );
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<QueryClientProvider client={new QueryClient()}><Tasks /></QueryClientProvider>);
