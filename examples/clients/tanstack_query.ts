// TanStack Query with openapi-fetch: a user's tasks page by page; what is done shows at once.
import { type InfiniteData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
export type Task = Schemas["Task"];
type Pages = InfiniteData<Schemas["TaskPage"], string | null>;
// A problem, which has a task in a 412; or a TypeError, without any of it, where no answer came.
type Failure = Partial<Schemas["StaleProblem"]>;

function data<Data>(answer: { data?: Data; error?: unknown }): Data {
  if (answer.error !== undefined) throw answer.error;
  return answer.data as Data;
}

export function useTasks(api: Client<paths>, user_id: string) {
  const queries = useQueryClient();
  const queryKey = ["tasks", user_id];
  const change = (each: (tasks: Task[], page: number) => Task[]) =>
    queries.setQueryData<Pages>(queryKey, (all) => all && {
      ...all, pages: all.pages.map((page, number) => ({ ...page, tasks: each(page.tasks, number) })),
    });
  const replace = (now?: Task) => change((tasks) => tasks.map((task) => (task.id === now?.id ? now : task)));
  const shown = (id: string) =>
    queries.getQueryData<Pages>(queryKey)?.pages.flatMap(({ tasks }) => tasks).find((task) => task.id === id);

  const list = useInfiniteQuery({
    queryKey,
    queryFn: async ({ pageParam, signal }) => data(await api.GET("/api/{user_id}/tasks/page", {
      params: { path: { user_id }, query: pageParam ? { cursor: pageParam } : {} }, signal,
    })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });

  // One request after the other. While more wait, the row stays as they will leave it.
  const inTurn = { mutationKey: queryKey, scope: { id: user_id } };
  const take = (now: Task) =>
    replace(queries.isMutating(inTurn) > 1 ? { ...now, ...shown(now.id), revision: now.revision } : now);

  // The page chooses the id. So it is the row's key from the start, and a repeat does no harm.
  const create = useMutation<Task, Failure, Task>({
    ...inTurn,
    mutationFn: async (task) =>
      data(await api.POST("/api/{user_id}/tasks", { params: { path: { user_id } }, body: task })),
    retry: (failures, error) => error instanceof TypeError && failures < 5,
    onMutate: async (task) => {
      await queries.cancelQueries({ queryKey });
      change((tasks, page) => (page === 0 ? [task, ...tasks] : tasks));
    },
    onSuccess: take,
    onError: (_, { id }) => change((tasks) => tasks.filter((task) => task.id !== id)),
  });

  // If somebody else has changed the task since, this is a 412 with the task as it is now.
  const edit = useMutation<Task, Failure, { id: string; set: Schemas["TaskChange"] }, Task | undefined>({
    ...inTurn,
    mutationFn: async ({ id, set }) => data(await api.PATCH("/api/{user_id}/tasks/{task_id}", {
      params: { path: { user_id, task_id: id }, header: { "If-Match": `"${shown(id)?.revision}"` } }, body: set,
    })),
    onMutate: async ({ id, set }) => {
      await queries.cancelQueries({ queryKey });
      const before = shown(id);
      replace(before && { ...before, ...set });
      return before;
    },
    onSuccess: take,
    onError: ({ task }, _, before) => replace(task ?? before),
  });

  return { list, tasks: list.data?.pages.flatMap(({ tasks }) => tasks) ?? [], create, edit };
}
