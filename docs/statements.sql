-- All statements of the service, as PostgreSQL gets them: each is prepared on a connection when it
-- is first run there. A list has one for each set of filters with each order, a change of a task
-- one for each set of members: here they are with one filter and one member.
--
-- Paste one into psql. To run it, or to see how PostgreSQL would, give it values for $1, $2 and so
-- on, which the comment above it names. Where that says `= 1`, the service always gives this value.
-- For `expected`, `known`, `began` and others of the kind, NULL stands for "not asked for".
--
--     EXECUTE q0123456789abcdef ('6f1d6a3e-52a4-4a8e-9a57-0d2c8f0b7e11', NULL);
--     EXPLAIN (ANALYZE, BUFFERS) EXECUTE q0123456789abcdef ('6f1d6a3e-…', NULL);
--
-- `make statements` writes this file.

-- tasks_api.database.readiness: ENCODING
PREPARE q8117efbef3f16cc1 AS
  SELECT current_setting('server_encoding') AS encoding;

-- tasks_api.database.readiness: APPLIED
PREPARE q29baae0c0b320a33 AS
  SELECT version_num
  FROM alembic_version;

-- tasks_api.tasks.changes.feed: CHANGES
-- $1 user_id, $2 since, $3 began, $4 limit
PREPARE q7ce6b16db57e652b(uuid, bigint, bigint, integer) AS
  SELECT users.revision AS counter,
         users.purged_revision,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at,
         page.deleted_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at,
                                 tasks.deleted_at AS deleted_at
                          FROM tasks
                          WHERE tasks.user_id = CAST($1 AS uuid)
                            AND tasks.revision > $2
                            AND (tasks.deleted_at IS NULL
                              OR tasks.revision > COALESCE($3,
                                                           users.revision))
                          ORDER BY tasks.revision
                          LIMIT $4) AS page ON TRUE
  WHERE users.id = CAST($1 AS uuid);

-- tasks_api.tasks.changes.merge: MERGE
-- $1 user_id, $2 count, $3 given, $4 title, $5 description, $6 completed, $7 due_at, $8 due_on,
-- $9 time_zone, $10 recurrence, $11 priority, $12 array_position_1 = 1, $13 tags, $14 position,
-- $15 deleted, $16 compared, $17 was_title, $18 was_description, $19 was_completed, $20 was_due_at,
-- $21 was_due_on, $22 was_time_zone, $23 was_recurrence, $24 was_priority,
-- $25 array_position_2 = 1, $26 was_tags, $27 was_position, $28 task_id, $29 new,
-- $30 coalesce_1 = 0, $31 title_folded, $32 description_folded
PREPARE qd919e94ee0d0bf68(uuid,
                          bigint,
                          text[],
                          text,
                          text,
                          boolean,
                          timestamp with time zone,
                          date,
                          text,
                          text,
                          text,
                          integer,
                          text[],
                          text,
                          boolean,
                          text[],
                          text,
                          text,
                          boolean,
                          timestamp with time zone,
                          date,
                          text,
                          text,
                          text,
                          integer,
                          text[],
                          text,
                          uuid,
                          boolean,
                          integer,
                          bytea,
                          bytea) AS
  WITH present AS (
           SELECT tasks.id AS id,
                  tasks.user_id AS user_id,
                  tasks.title AS title,
                  tasks.description AS description,
                  tasks.completed AS completed,
                  tasks.completed_at AS completed_at,
                  tasks.due_at AS due_at,
                  tasks.due_on AS due_on,
                  tasks.time_zone AS time_zone,
                  tasks.recurrence AS recurrence,
                  tasks.next_task_id AS next_task_id,
                  (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                  tasks.tags AS tags,
                  tasks.position AS position,
                  tasks.revision AS revision,
                  tasks.created_at AS created_at,
                  tasks.updated_at AS updated_at,
                  tasks.deleted_at AS deleted_at,
                      NOT(('title' = ANY(CAST($3 AS text[]))
                       AND tasks.title IS DISTINCT FROM $4)
                       OR ('description' = ANY(CAST($3 AS text[]))
                       AND tasks.description IS DISTINCT FROM $5)
                       OR ('completed' = ANY(CAST($3 AS text[]))
                       AND tasks.completed IS DISTINCT FROM $6)
                       OR ('due_at' = ANY(CAST($3 AS text[]))
                       AND tasks.due_at IS DISTINCT FROM $7)
                       OR ('due_on' = ANY(CAST($3 AS text[]))
                       AND tasks.due_on IS DISTINCT FROM $8)
                       OR ('time_zone' = ANY(CAST($3 AS text[]))
                       AND tasks.time_zone IS DISTINCT FROM $9)
                       OR ('recurrence' = ANY(CAST($3 AS text[]))
                       AND tasks.recurrence IS DISTINCT FROM $10)
                       OR ('priority' = ANY(CAST($3 AS text[]))
                       AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                          $11) - $12)
                       OR ('tags' = ANY(CAST($3 AS text[]))
                       AND tasks.tags IS DISTINCT FROM CAST($13 AS text[]))
                       OR ('position' = ANY(CAST($3 AS text[]))
                       AND tasks.position IS DISTINCT FROM $14))
                  AND COALESCE($15, FALSE) <> (tasks.deleted_at IS NULL) AS done,
                      NOT(NOT(('title' = ANY(CAST($3 AS text[]))
                           AND tasks.title IS DISTINCT FROM $4)
                           OR ('description' = ANY(CAST($3 AS text[]))
                           AND tasks.description IS DISTINCT FROM $5)
                           OR ('completed' = ANY(CAST($3 AS text[]))
                           AND tasks.completed IS DISTINCT FROM $6)
                           OR ('due_at' = ANY(CAST($3 AS text[]))
                           AND tasks.due_at IS DISTINCT FROM $7)
                           OR ('due_on' = ANY(CAST($3 AS text[]))
                           AND tasks.due_on IS DISTINCT FROM $8)
                           OR ('time_zone' = ANY(CAST($3 AS text[]))
                           AND tasks.time_zone IS DISTINCT FROM $9)
                           OR ('recurrence' = ANY(CAST($3 AS text[]))
                           AND tasks.recurrence IS DISTINCT FROM $10)
                           OR ('priority' = ANY(CAST($3 AS text[]))
                           AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                              $11) - $12)
                           OR ('tags' = ANY(CAST($3 AS text[]))
                           AND tasks.tags IS DISTINCT FROM CAST($13 AS text[]))
                           OR ('position' = ANY(CAST($3 AS text[]))
                           AND tasks.position IS DISTINCT FROM $14))
                      AND COALESCE($15, FALSE) <> (tasks.deleted_at IS NULL))
                  AND NOT(('title' = ANY(CAST($3 AS text[]))
                       AND tasks.title IS DISTINCT FROM $4
                       AND 'title' = ANY(CAST($16 AS text[]))
                       AND tasks.title IS DISTINCT FROM $17)
                       OR ('description' = ANY(CAST($3 AS text[]))
                       AND tasks.description IS DISTINCT FROM $5
                       AND 'description' = ANY(CAST($16 AS text[]))
                       AND tasks.description IS DISTINCT FROM $18)
                       OR ('completed' = ANY(CAST($3 AS text[]))
                       AND tasks.completed IS DISTINCT FROM $6
                       AND 'completed' = ANY(CAST($16 AS text[]))
                       AND tasks.completed IS DISTINCT FROM $19)
                       OR ('due_at' = ANY(CAST($3 AS text[]))
                       AND tasks.due_at IS DISTINCT FROM $7
                       AND 'due_at' = ANY(CAST($16 AS text[]))
                       AND tasks.due_at IS DISTINCT FROM $20)
                       OR ('due_on' = ANY(CAST($3 AS text[]))
                       AND tasks.due_on IS DISTINCT FROM $8
                       AND 'due_on' = ANY(CAST($16 AS text[]))
                       AND tasks.due_on IS DISTINCT FROM $21)
                       OR ('time_zone' = ANY(CAST($3 AS text[]))
                       AND tasks.time_zone IS DISTINCT FROM $9
                       AND 'time_zone' = ANY(CAST($16 AS text[]))
                       AND tasks.time_zone IS DISTINCT FROM $22)
                       OR ('recurrence' = ANY(CAST($3 AS text[]))
                       AND tasks.recurrence IS DISTINCT FROM $10
                       AND 'recurrence' = ANY(CAST($16 AS text[]))
                       AND tasks.recurrence IS DISTINCT FROM $23)
                       OR ('priority' = ANY(CAST($3 AS text[]))
                       AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                          $11) - $12
                       AND 'priority' = ANY(CAST($16 AS text[]))
                       AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                          $24) - $25)
                       OR ('tags' = ANY(CAST($3 AS text[]))
                       AND tasks.tags IS DISTINCT FROM CAST($13 AS text[])
                       AND 'tags' = ANY(CAST($16 AS text[]))
                       AND tasks.tags IS DISTINCT FROM CAST($26 AS text[]))
                       OR ('position' = ANY(CAST($3 AS text[]))
                       AND tasks.position IS DISTINCT FROM $14
                       AND 'position' = ANY(CAST($16 AS text[]))
                       AND tasks.position IS DISTINCT FROM $27))
                  AND (tasks.deleted_at IS NULL OR $15 IS NOT NULL)
                  AND NOT(CASE
                            WHEN 'completed' = ANY(CAST($3 AS text[]))
                              THEN $6
                            ELSE tasks.completed
                          END
                      AND NOT tasks.completed
                      AND CASE
                            WHEN 'recurrence' = ANY(CAST($3 AS text[]))
                              THEN $10
                            ELSE tasks.recurrence
                          END IS NOT NULL
                      AND tasks.next_task_id IS NULL) AS writable,
                      NOT(NOT(('title' = ANY(CAST($3 AS text[]))
                           AND tasks.title IS DISTINCT FROM $4)
                           OR ('description' = ANY(CAST($3 AS text[]))
                           AND tasks.description IS DISTINCT FROM $5)
                           OR ('completed' = ANY(CAST($3 AS text[]))
                           AND tasks.completed IS DISTINCT FROM $6)
                           OR ('due_at' = ANY(CAST($3 AS text[]))
                           AND tasks.due_at IS DISTINCT FROM $7)
                           OR ('due_on' = ANY(CAST($3 AS text[]))
                           AND tasks.due_on IS DISTINCT FROM $8)
                           OR ('time_zone' = ANY(CAST($3 AS text[]))
                           AND tasks.time_zone IS DISTINCT FROM $9)
                           OR ('recurrence' = ANY(CAST($3 AS text[]))
                           AND tasks.recurrence IS DISTINCT FROM $10)
                           OR ('priority' = ANY(CAST($3 AS text[]))
                           AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                              $11) - $12)
                           OR ('tags' = ANY(CAST($3 AS text[]))
                           AND tasks.tags IS DISTINCT FROM CAST($13 AS text[]))
                           OR ('position' = ANY(CAST($3 AS text[]))
                           AND tasks.position IS DISTINCT FROM $14))
                      AND COALESCE($15, FALSE) <> (tasks.deleted_at IS NULL))
                  AND NOT(('title' = ANY(CAST($3 AS text[]))
                       AND tasks.title IS DISTINCT FROM $4
                       AND 'title' = ANY(CAST($16 AS text[]))
                       AND tasks.title IS DISTINCT FROM $17)
                       OR ('description' = ANY(CAST($3 AS text[]))
                       AND tasks.description IS DISTINCT FROM $5
                       AND 'description' = ANY(CAST($16 AS text[]))
                       AND tasks.description IS DISTINCT FROM $18)
                       OR ('completed' = ANY(CAST($3 AS text[]))
                       AND tasks.completed IS DISTINCT FROM $6
                       AND 'completed' = ANY(CAST($16 AS text[]))
                       AND tasks.completed IS DISTINCT FROM $19)
                       OR ('due_at' = ANY(CAST($3 AS text[]))
                       AND tasks.due_at IS DISTINCT FROM $7
                       AND 'due_at' = ANY(CAST($16 AS text[]))
                       AND tasks.due_at IS DISTINCT FROM $20)
                       OR ('due_on' = ANY(CAST($3 AS text[]))
                       AND tasks.due_on IS DISTINCT FROM $8
                       AND 'due_on' = ANY(CAST($16 AS text[]))
                       AND tasks.due_on IS DISTINCT FROM $21)
                       OR ('time_zone' = ANY(CAST($3 AS text[]))
                       AND tasks.time_zone IS DISTINCT FROM $9
                       AND 'time_zone' = ANY(CAST($16 AS text[]))
                       AND tasks.time_zone IS DISTINCT FROM $22)
                       OR ('recurrence' = ANY(CAST($3 AS text[]))
                       AND tasks.recurrence IS DISTINCT FROM $10
                       AND 'recurrence' = ANY(CAST($16 AS text[]))
                       AND tasks.recurrence IS DISTINCT FROM $23)
                       OR ('priority' = ANY(CAST($3 AS text[]))
                       AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                          $11) - $12
                       AND 'priority' = ANY(CAST($16 AS text[]))
                       AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                          $24) - $25)
                       OR ('tags' = ANY(CAST($3 AS text[]))
                       AND tasks.tags IS DISTINCT FROM CAST($13 AS text[])
                       AND 'tags' = ANY(CAST($16 AS text[]))
                       AND tasks.tags IS DISTINCT FROM CAST($26 AS text[]))
                       OR ('position' = ANY(CAST($3 AS text[]))
                       AND tasks.position IS DISTINCT FROM $14
                       AND 'position' = ANY(CAST($16 AS text[]))
                       AND tasks.position IS DISTINCT FROM $27))
                  AND (tasks.deleted_at IS NULL OR $15 IS NOT NULL)
                  AND CASE
                        WHEN 'completed' = ANY(CAST($3 AS text[]))
                          THEN $6
                        ELSE tasks.completed
                      END
                  AND NOT tasks.completed
                  AND CASE
                        WHEN 'recurrence' = ANY(CAST($3 AS text[]))
                          THEN $10
                        ELSE tasks.recurrence
                      END IS NOT NULL
                  AND tasks.next_task_id IS NULL AS recurs,
                  array_remove(ARRAY[CASE
                                       WHEN 'title' = ANY(CAST($3 AS text[]))
                                        AND tasks.title IS DISTINCT FROM $4
                                        AND 'title' = ANY(CAST($16 AS text[]))
                                        AND tasks.title IS DISTINCT FROM $17
                                         THEN 'title'
                                     END,
                                     CASE
                                       WHEN 'description' = ANY(CAST($3 AS text[]))
                                        AND tasks.description IS DISTINCT FROM $5
                                        AND 'description' = ANY(CAST($16 AS text[]))
                                        AND tasks.description IS DISTINCT FROM $18
                                         THEN 'description'
                                     END,
                                     CASE
                                       WHEN 'completed' = ANY(CAST($3 AS text[]))
                                        AND tasks.completed IS DISTINCT FROM $6
                                        AND 'completed' = ANY(CAST($16 AS text[]))
                                        AND tasks.completed IS DISTINCT FROM $19
                                         THEN 'completed'
                                     END,
                                     CASE
                                       WHEN 'due_at' = ANY(CAST($3 AS text[]))
                                        AND tasks.due_at IS DISTINCT FROM $7
                                        AND 'due_at' = ANY(CAST($16 AS text[]))
                                        AND tasks.due_at IS DISTINCT FROM $20
                                         THEN 'due_at'
                                     END,
                                     CASE
                                       WHEN 'due_on' = ANY(CAST($3 AS text[]))
                                        AND tasks.due_on IS DISTINCT FROM $8
                                        AND 'due_on' = ANY(CAST($16 AS text[]))
                                        AND tasks.due_on IS DISTINCT FROM $21
                                         THEN 'due_on'
                                     END,
                                     CASE
                                       WHEN 'time_zone' = ANY(CAST($3 AS text[]))
                                        AND tasks.time_zone IS DISTINCT FROM $9
                                        AND 'time_zone' = ANY(CAST($16 AS text[]))
                                        AND tasks.time_zone IS DISTINCT FROM $22
                                         THEN 'time_zone'
                                     END,
                                     CASE
                                       WHEN 'recurrence' = ANY(CAST($3 AS text[]))
                                        AND tasks.recurrence IS DISTINCT FROM $10
                                        AND 'recurrence' = ANY(CAST($16 AS text[]))
                                        AND tasks.recurrence IS DISTINCT FROM $23
                                         THEN 'recurrence'
                                     END,
                                     CASE
                                       WHEN 'priority' = ANY(CAST($3 AS text[]))
                                        AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                                           $11) - $12
                                        AND 'priority' = ANY(CAST($16 AS text[]))
                                        AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                                           $24) - $25
                                         THEN 'priority'
                                     END,
                                     CASE
                                       WHEN 'tags' = ANY(CAST($3 AS text[]))
                                        AND tasks.tags IS DISTINCT FROM CAST($13 AS text[])
                                        AND 'tags' = ANY(CAST($16 AS text[]))
                                        AND tasks.tags IS DISTINCT FROM CAST($26 AS text[])
                                         THEN 'tags'
                                     END,
                                     CASE
                                       WHEN 'position' = ANY(CAST($3 AS text[]))
                                        AND tasks.position IS DISTINCT FROM $14
                                        AND 'position' = ANY(CAST($16 AS text[]))
                                        AND tasks.position IS DISTINCT FROM $27
                                         THEN 'position'
                                     END],
                               NULL) AS conflicts
           FROM tasks
           WHERE tasks.user_id = CAST($1 AS uuid)
             AND tasks.id = CAST($28 AS uuid)
         ),
       wanted AS (
           SELECT TRUE AS wanted
           WHERE EXISTS (SELECT present.id
                         FROM present
                         WHERE present.writable)
              OR ($29 AND NOT EXISTS (SELECT present.id FROM present))
         ),
       counter AS (
           INSERT INTO users (id, revision, written_at)
           SELECT CAST($1 AS uuid) AS anon_2,
                  $2 AS anon_3,
                  now() AS now_1
           FROM wanted
           ON CONFLICT (id)
              DO UPDATE
                SET revision = users.revision + excluded.revision,
                    written_at = GREATEST(users.written_at, excluded.written_at)
           RETURNING users.id, users.revision, users.written_at
         ),
       made AS (
           INSERT INTO tasks (user_id,
                              id,
                              title,
                              description,
                              completed,
                              due_at,
                              due_on,
                              time_zone,
                              recurrence,
                              priority,
                              tags,
                              position,
                              title_folded,
                              description_folded,
                              revision,
                              folded_revision,
                              created_at,
                              updated_at,
                              completed_at,
                              deleted_at)
           SELECT counter.id AS id,
                  CAST($28 AS uuid) AS anon_4,
                  $4 AS anon_5,
                  $5 AS anon_6,
                  $6 AS anon_7,
                  $7 AS anon_8,
                  $8 AS anon_9,
                  $9 AS anon_10,
                  $10 AS anon_11,
                  array_position(ARRAY['none', 'low', 'medium', 'high'],
                                 $11) - $12 AS anon_12,
                  CAST($13 AS text[]) AS anon_13,
                  $14 AS anon_14,
                  $31 AS anon_15,
                  $32 AS anon_16,
                  counter.revision AS revision,
                  counter.revision AS revision__1,
                  counter.written_at AS written_at,
                  counter.written_at AS written_at__1,
                  CASE
                    WHEN $6 THEN counter.written_at
                  END AS anon_17,
                  CASE
                    WHEN $15 THEN counter.written_at
                  END AS anon_18
           FROM counter
           WHERE NOT EXISTS (SELECT present.id
                             FROM present)
           RETURNING tasks.id,
                     tasks.user_id,
                     tasks.title,
                     tasks.description,
                     tasks.completed,
                     tasks.completed_at,
                     tasks.due_at,
                     tasks.due_on,
                     tasks.time_zone,
                     tasks.recurrence,
                     tasks.next_task_id,
                     (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                     tasks.tags,
                     tasks.position,
                     tasks.revision,
                     tasks.created_at,
                     tasks.updated_at,
                     tasks.deleted_at
         ),
       changed AS (
           UPDATE tasks
           SET title = CASE
                         WHEN 'title' = ANY(CAST($3 AS text[]))
                           THEN $4
                         ELSE tasks.title
                       END,
               description = CASE
                               WHEN 'description' = ANY(CAST($3 AS text[]))
                                 THEN $5
                               ELSE tasks.description
                             END,
               completed = CASE
                             WHEN 'completed' = ANY(CAST($3 AS text[]))
                               THEN $6
                             ELSE tasks.completed
                           END,
               revision = counter.revision,
               updated_at = counter.written_at,
               completed_at = CASE
                                WHEN NOT CASE
                                           WHEN 'completed' = ANY(CAST($3 AS text[]))
                                             THEN $6
                                           ELSE tasks.completed
                                         END
                                  THEN NULL
                                WHEN tasks.completed
                                  THEN tasks.completed_at
                                ELSE counter.written_at
                              END,
               due_at = CASE
                          WHEN 'due_at' = ANY(CAST($3 AS text[]))
                            THEN $7
                          ELSE tasks.due_at
                        END,
               due_on = CASE
                          WHEN 'due_on' = ANY(CAST($3 AS text[]))
                            THEN $8
                          ELSE tasks.due_on
                        END,
               priority = CASE
                            WHEN 'priority' = ANY(CAST($3 AS text[]))
                              THEN array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                  $11) - $12
                            ELSE tasks.priority
                          END,
               tags = CASE
                        WHEN 'tags' = ANY(CAST($3 AS text[]))
                          THEN CAST($13 AS text[])
                        ELSE tasks.tags
                      END,
               position = CASE
                            WHEN 'position' = ANY(CAST($3 AS text[]))
                              THEN $14
                            ELSE tasks.position
                          END,
               time_zone = CASE
                             WHEN 'time_zone' = ANY(CAST($3 AS text[]))
                               THEN $9
                             ELSE tasks.time_zone
                           END,
               recurrence = CASE
                              WHEN 'recurrence' = ANY(CAST($3 AS text[]))
                                THEN $10
                              ELSE tasks.recurrence
                            END,
               deleted_at = CASE
                              WHEN $15
                                THEN COALESCE(tasks.deleted_at, counter.written_at)
                            END,
               title_folded = CASE
                                WHEN 'title' = ANY(CAST($3 AS text[]))
                                  THEN $31
                                ELSE tasks.title_folded
                              END,
               description_folded = CASE
                                      WHEN 'description' = ANY(CAST($3 AS text[]))
                                        THEN $32
                                      ELSE tasks.description_folded
                                    END,
               folded_revision = CASE
                                   WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                     THEN counter.revision
                                 END
           FROM counter
           WHERE tasks.user_id = CAST($1 AS uuid)
             AND tasks.id = CAST($28 AS uuid)
             AND counter.id = tasks.user_id
             AND NOT(NOT(('title' = ANY(CAST($3 AS text[]))
                      AND tasks.title IS DISTINCT FROM $4)
                      OR ('description' = ANY(CAST($3 AS text[]))
                      AND tasks.description IS DISTINCT FROM $5)
                      OR ('completed' = ANY(CAST($3 AS text[]))
                      AND tasks.completed IS DISTINCT FROM $6)
                      OR ('due_at' = ANY(CAST($3 AS text[]))
                      AND tasks.due_at IS DISTINCT FROM $7)
                      OR ('due_on' = ANY(CAST($3 AS text[]))
                      AND tasks.due_on IS DISTINCT FROM $8)
                      OR ('time_zone' = ANY(CAST($3 AS text[]))
                      AND tasks.time_zone IS DISTINCT FROM $9)
                      OR ('recurrence' = ANY(CAST($3 AS text[]))
                      AND tasks.recurrence IS DISTINCT FROM $10)
                      OR ('priority' = ANY(CAST($3 AS text[]))
                      AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                         $11) - $12)
                      OR ('tags' = ANY(CAST($3 AS text[]))
                      AND tasks.tags IS DISTINCT FROM CAST($13 AS text[]))
                      OR ('position' = ANY(CAST($3 AS text[]))
                      AND tasks.position IS DISTINCT FROM $14))
                 AND COALESCE($15, FALSE) <> (tasks.deleted_at IS NULL))
             AND NOT(('title' = ANY(CAST($3 AS text[]))
                  AND tasks.title IS DISTINCT FROM $4
                  AND 'title' = ANY(CAST($16 AS text[]))
                  AND tasks.title IS DISTINCT FROM $17)
                  OR ('description' = ANY(CAST($3 AS text[]))
                  AND tasks.description IS DISTINCT FROM $5
                  AND 'description' = ANY(CAST($16 AS text[]))
                  AND tasks.description IS DISTINCT FROM $18)
                  OR ('completed' = ANY(CAST($3 AS text[]))
                  AND tasks.completed IS DISTINCT FROM $6
                  AND 'completed' = ANY(CAST($16 AS text[]))
                  AND tasks.completed IS DISTINCT FROM $19)
                  OR ('due_at' = ANY(CAST($3 AS text[]))
                  AND tasks.due_at IS DISTINCT FROM $7
                  AND 'due_at' = ANY(CAST($16 AS text[]))
                  AND tasks.due_at IS DISTINCT FROM $20)
                  OR ('due_on' = ANY(CAST($3 AS text[]))
                  AND tasks.due_on IS DISTINCT FROM $8
                  AND 'due_on' = ANY(CAST($16 AS text[]))
                  AND tasks.due_on IS DISTINCT FROM $21)
                  OR ('time_zone' = ANY(CAST($3 AS text[]))
                  AND tasks.time_zone IS DISTINCT FROM $9
                  AND 'time_zone' = ANY(CAST($16 AS text[]))
                  AND tasks.time_zone IS DISTINCT FROM $22)
                  OR ('recurrence' = ANY(CAST($3 AS text[]))
                  AND tasks.recurrence IS DISTINCT FROM $10
                  AND 'recurrence' = ANY(CAST($16 AS text[]))
                  AND tasks.recurrence IS DISTINCT FROM $23)
                  OR ('priority' = ANY(CAST($3 AS text[]))
                  AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                     $11) - $12
                  AND 'priority' = ANY(CAST($16 AS text[]))
                  AND tasks.priority IS DISTINCT FROM array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                     $24) - $25)
                  OR ('tags' = ANY(CAST($3 AS text[]))
                  AND tasks.tags IS DISTINCT FROM CAST($13 AS text[])
                  AND 'tags' = ANY(CAST($16 AS text[]))
                  AND tasks.tags IS DISTINCT FROM CAST($26 AS text[]))
                  OR ('position' = ANY(CAST($3 AS text[]))
                  AND tasks.position IS DISTINCT FROM $14
                  AND 'position' = ANY(CAST($16 AS text[]))
                  AND tasks.position IS DISTINCT FROM $27))
             AND (tasks.deleted_at IS NULL OR $15 IS NOT NULL)
             AND NOT(CASE
                       WHEN 'completed' = ANY(CAST($3 AS text[]))
                         THEN $6
                       ELSE tasks.completed
                     END
                 AND NOT tasks.completed
                 AND CASE
                       WHEN 'recurrence' = ANY(CAST($3 AS text[]))
                         THEN $10
                       ELSE tasks.recurrence
                     END IS NOT NULL
                 AND tasks.next_task_id IS NULL)
           RETURNING tasks.id,
                     tasks.user_id,
                     tasks.title,
                     tasks.description,
                     tasks.completed,
                     tasks.completed_at,
                     tasks.due_at,
                     tasks.due_on,
                     tasks.time_zone,
                     tasks.recurrence,
                     tasks.next_task_id,
                     (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                     tasks.tags,
                     tasks.position,
                     tasks.revision,
                     tasks.created_at,
                     tasks.updated_at,
                     tasks.deleted_at
         )
    SELECT anon_1.taken,
           anon_1.counter,
           result.id,
           result.user_id,
           result.title,
           result.description,
           result.completed,
           result.completed_at,
           result.due_at,
           result.due_on,
           result.time_zone,
           result.recurrence,
           result.next_task_id,
           result.priority,
           result.tags,
           result.position,
           result.revision,
           result.created_at,
           result.updated_at,
           result.deleted_at,
           result.done,
           result.conflicts,
           result.made,
           result.recurs
    FROM (SELECT (SELECT counter.revision
                  FROM counter) AS taken,
                 COALESCE((SELECT counter.revision
                           FROM counter),
                          (SELECT users.revision
                           FROM users
                           WHERE users.id = CAST($1 AS uuid)),
                          $30) AS counter) AS anon_1
         LEFT JOIN ((SELECT made.id AS id,
                            made.user_id AS user_id,
                            made.title AS title,
                            made.description AS description,
                            made.completed AS completed,
                            made.completed_at AS completed_at,
                            made.due_at AS due_at,
                            made.due_on AS due_on,
                            made.time_zone AS time_zone,
                            made.recurrence AS recurrence,
                            made.next_task_id AS next_task_id,
                            made.priority AS priority,
                            made.tags AS tags,
                            made.position AS position,
                            made.revision AS revision,
                            made.created_at AS created_at,
                            made.updated_at AS updated_at,
                            made.deleted_at AS deleted_at,
                            TRUE AS done,
                            CAST('{}' AS text[]) AS conflicts,
                            TRUE AS made,
                            FALSE AS recurs
                     FROM made

                     UNION ALL

                     SELECT changed.id AS id,
                            changed.user_id AS user_id,
                            changed.title AS title,
                            changed.description AS description,
                            changed.completed AS completed,
                            changed.completed_at AS completed_at,
                            changed.due_at AS due_at,
                            changed.due_on AS due_on,
                            changed.time_zone AS time_zone,
                            changed.recurrence AS recurrence,
                            changed.next_task_id AS next_task_id,
                            changed.priority AS priority,
                            changed.tags AS tags,
                            changed.position AS position,
                            changed.revision AS revision,
                            changed.created_at AS created_at,
                            changed.updated_at AS updated_at,
                            changed.deleted_at AS deleted_at,
                            TRUE AS anon_19,
                            CAST('{}' AS text[]),
                            FALSE AS anon_20,
                            FALSE AS anon__1
                     FROM changed)

                    UNION ALL

                    SELECT present.id AS id,
                           present.user_id AS user_id,
                           present.title AS title,
                           present.description AS description,
                           present.completed AS completed,
                           present.completed_at AS completed_at,
                           present.due_at AS due_at,
                           present.due_on AS due_on,
                           present.time_zone AS time_zone,
                           present.recurrence AS recurrence,
                           present.next_task_id AS next_task_id,
                           present.priority AS priority,
                           present.tags AS tags,
                           present.position AS position,
                           present.revision AS revision,
                           present.created_at AS created_at,
                           present.updated_at AS updated_at,
                           present.deleted_at AS deleted_at,
                           present.done AS done,
                           present.conflicts AS conflicts,
                           FALSE AS anon_20,
                           present.recurs AS recurs
                    FROM present
                    WHERE NOT EXISTS (SELECT counter.id
                                      FROM counter)) AS result ON TRUE;

-- tasks_api.tasks.changes.waits: REVISIONS
-- $1 user_ids
PREPARE q011708f8272c2370(uuid[]) AS
  SELECT users.id, users.revision
  FROM users
  WHERE users.id = ANY(CAST($1 AS uuid[]));

-- tasks_api.tasks.item.completion: COMPLETE
-- $1 next_id, $2 title, $3 description, $4 next_due_at, $5 next_due_on, $6 time_zone,
-- $7 next_recurrence, $8 priority, $9 array_position_1 = 1, $10 tags, $11 position,
-- $12 title_folded, $13 description_folded, $14 completed, $15 count, $16 param_1 = 1, $17 due_at,
-- $18 due_on, $19 recurrence, $20 user_id, $21 task_id, $22 found
PREPARE qaa86c9ae45c8d3ea(uuid,
                          text,
                          text,
                          timestamp with time zone,
                          date,
                          text,
                          text,
                          text,
                          integer,
                          text[],
                          text,
                          bytea,
                          bytea,
                          boolean,
                          bigint,
                          bigint,
                          timestamp with time zone,
                          date,
                          text,
                          uuid,
                          uuid,
                          bigint) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $15,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($20 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         ),
       completed AS (
           UPDATE tasks
           SET title = $2,
               description = $3,
               completed = $14,
               revision = counter.revision - $15 + $16,
               updated_at = counter.written_at,
               completed_at = counter.written_at,
               due_at = $17,
               due_on = $18,
               priority = array_position(ARRAY['none', 'low', 'medium', 'high'],
                                         $8) - $9,
               tags = CAST($10 AS text[]),
               position = $11,
               time_zone = $6,
               recurrence = $19,
               next_task_id = CAST($1 AS uuid),
               title_folded = $12,
               description_folded = $13,
               folded_revision = counter.revision - $15 + $16
           FROM counter
           WHERE tasks.user_id = CAST($20 AS uuid)
             AND tasks.id = CAST($21 AS uuid)
             AND counter.id = tasks.user_id
             AND tasks.revision = $22
           RETURNING tasks.id,
                     tasks.user_id,
                     tasks.title,
                     tasks.description,
                     tasks.completed,
                     tasks.completed_at,
                     tasks.due_at,
                     tasks.due_on,
                     tasks.time_zone,
                     tasks.recurrence,
                     tasks.next_task_id,
                     (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                     tasks.tags,
                     tasks.position,
                     tasks.revision,
                     tasks.created_at,
                     tasks.updated_at,
                     tasks.deleted_at,
                     TRUE AS written
         ),
       made AS (
           INSERT INTO tasks (user_id,
                              id,
                              title,
                              description,
                              completed,
                              due_at,
                              due_on,
                              time_zone,
                              recurrence,
                              priority,
                              tags,
                              position,
                              title_folded,
                              description_folded,
                              revision,
                              folded_revision,
                              created_at,
                              updated_at,
                              completed_at)
           SELECT counter.id AS id,
                  CAST($1 AS uuid) AS anon_1,
                  $2 AS anon_2,
                  $3 AS anon_3,
                  FALSE AS anon_4,
                  $4 AS anon_5,
                  $5 AS anon_6,
                  $6 AS anon_7,
                  $7 AS anon_8,
                  array_position(ARRAY['none', 'low', 'medium', 'high'],
                                 $8) - $9 AS anon_9,
                  CAST($10 AS text[]) AS anon_10,
                  $11 AS anon_11,
                  $12 AS anon_12,
                  $13 AS anon_13,
                  counter.revision AS revision,
                  counter.revision AS revision__1,
                  counter.written_at AS written_at,
                  counter.written_at AS written_at__1,
                  CASE
                    WHEN FALSE THEN counter.written_at
                  END AS anon_14
           FROM completed INNER JOIN counter ON TRUE
           WHERE CAST($1 AS uuid) IS NOT NULL
           ON CONFLICT (user_id, id) DO NOTHING
         )
    SELECT completed.id,
           completed.user_id,
           completed.title,
           completed.description,
           completed.completed,
           completed.completed_at,
           completed.due_at,
           completed.due_on,
           completed.time_zone,
           completed.recurrence,
           completed.next_task_id,
           completed.priority,
           completed.tags,
           completed.position,
           completed.revision,
           completed.created_at,
           completed.updated_at,
           completed.deleted_at,
           completed.written
    FROM completed;

-- tasks_api.tasks.item.creation: CREATE
-- $1 task_id, $2 title, $3 description, $4 completed, $5 due_at, $6 due_on, $7 time_zone,
-- $8 recurrence, $9 priority, $10 array_position_1 = 1, $11 tags, $12 position, $13 title_folded,
-- $14 description_folded, $15 user_id, $16 count
PREPARE qf6c98d8c5e682371(uuid,
                          text,
                          text,
                          boolean,
                          timestamp with time zone,
                          date,
                          text,
                          text,
                          text,
                          integer,
                          text[],
                          text,
                          bytea,
                          bytea,
                          uuid,
                          bigint) AS
  WITH counter AS (
           INSERT INTO users (id, revision, written_at)
           SELECT CAST($15 AS uuid) AS anon_15,
                  $16 AS anon_16,
                  now() AS now_1
           ON CONFLICT (id)
              DO UPDATE
                SET revision = users.revision + excluded.revision,
                    written_at = GREATEST(users.written_at, excluded.written_at)
           RETURNING users.id, users.revision, users.written_at
         )
    INSERT INTO tasks (user_id,
                       id,
                       title,
                       description,
                       completed,
                       due_at,
                       due_on,
                       time_zone,
                       recurrence,
                       priority,
                       tags,
                       position,
                       title_folded,
                       description_folded,
                       revision,
                       folded_revision,
                       created_at,
                       updated_at,
                       completed_at)
    SELECT counter.id,
           CAST($1 AS uuid) AS anon_1,
           $2 AS anon_2,
           $3 AS anon_3,
           $4 AS anon_4,
           $5 AS anon_5,
           $6 AS anon_6,
           $7 AS anon_7,
           $8 AS anon_8,
           array_position(ARRAY['none', 'low', 'medium', 'high'], $9) - $10 AS anon_9,
           CAST($11 AS text[]) AS anon_10,
           $12 AS anon_11,
           $13 AS anon_12,
           $14 AS anon_13,
           counter.revision,
           counter.revision AS revision__1,
           counter.written_at,
           counter.written_at AS written_at__1,
           CASE
             WHEN $4 THEN counter.written_at
           END AS anon_14
    FROM counter
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at;

-- tasks_api.tasks.item.creation: CREATE_MANY
-- $1 array_position_1 = 1, $2 user_id, $3 count, $4 param_1 = 1, $5 chosen, $6 number,
-- $7 documents, $8 next
PREPARE q596ce6648c4cfcc6(integer,
                          uuid,
                          bigint,
                          integer,
                          uuid[],
                          integer,
                          text,
                          uuid[]) AS
  WITH existing AS (
           SELECT tasks.id AS id,
                  tasks.user_id AS user_id,
                  tasks.title AS title,
                  tasks.description AS description,
                  tasks.completed AS completed,
                  tasks.completed_at AS completed_at,
                  tasks.due_at AS due_at,
                  tasks.due_on AS due_on,
                  tasks.time_zone AS time_zone,
                  tasks.recurrence AS recurrence,
                  tasks.next_task_id AS next_task_id,
                  (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                  tasks.tags AS tags,
                  tasks.position AS position,
                  tasks.revision AS revision,
                  tasks.created_at AS created_at,
                  tasks.updated_at AS updated_at,
                  tasks.deleted_at AS deleted_at
           FROM tasks
           WHERE tasks.user_id = CAST($2 AS uuid)
             AND tasks.id = ANY(CAST($5 AS uuid[]))
         ),
       wanted AS (
           SELECT $4 AS anon_6
           FROM existing
           HAVING count(*) < $6
              AND COALESCE(bool_and(existing.deleted_at IS NULL),
                           TRUE)
         ),
       counter AS (
           INSERT INTO users (id, revision, written_at)
           SELECT CAST($2 AS uuid) AS anon_4,
                  $3 AS anon_5,
                  now() AS now_1
           FROM wanted
           ON CONFLICT (id)
              DO UPDATE
                SET revision = users.revision + excluded.revision,
                    written_at = GREATEST(users.written_at, excluded.written_at)
           RETURNING users.id, users.revision, users.written_at
         ),
       made AS (
           INSERT INTO tasks (user_id,
                              id,
                              title,
                              description,
                              completed,
                              due_at,
                              due_on,
                              time_zone,
                              recurrence,
                              priority,
                              tags,
                              position,
                              title_folded,
                              description_folded,
                              revision,
                              folded_revision,
                              created_at,
                              updated_at,
                              completed_at,
                              next_task_id)
           SELECT counter.id AS id,
                  documents.id AS id_1,
                  documents.title AS title,
                  documents.description AS description,
                  documents.completed AS completed,
                  documents.due_at AS due_at,
                  documents.due_on AS due_on,
                  documents.time_zone AS time_zone,
                  documents.recurrence AS recurrence,
                  array_position(ARRAY['none', 'low', 'medium', 'high'],
                                 documents.priority) - $1 AS anon_1,
                  documents.tags AS tags,
                  documents.position AS position,
                  documents.title_folded AS title_folded,
                  documents.description_folded AS description_folded,
                  counter.revision - documents.following AS anon_2,
                  counter.revision - documents.following AS anon__1,
                  counter.written_at AS written_at,
                  counter.written_at AS written_at__1,
                  CASE
                    WHEN documents.completed THEN counter.written_at
                  END AS anon_3,
                  documents.next_task_id AS next_task_id
           FROM counter
                INNER JOIN json_to_recordset(CAST($7 AS pg_catalog.json)) AS documents(id uuid,
                                                                                       title text,
                                                                                       description text,
                                                                                       completed boolean,
                                                                                       due_at timestamp with time zone,
                                                                                       due_on date,
                                                                                       time_zone text,
                                                                                       recurrence text,
                                                                                       priority text,
                                                                                       tags text[],
                                                                                       position text,
                                                                                       title_folded bytea,
                                                                                       description_folded bytea,
                                                                                       next_task_id uuid,
                                                                                       following bigint,
                                                                                       "with" uuid) ON TRUE
           WHERE NOT documents."with" IN (SELECT existing.id
                                          FROM existing)
             AND NOT documents.id IN (SELECT tasks.id
                                      FROM tasks
                                      WHERE tasks.user_id = CAST($2 AS uuid)
                                        AND tasks.id = ANY(CAST($8 AS uuid[])))
           RETURNING tasks.id,
                     tasks.user_id,
                     tasks.title,
                     tasks.description,
                     tasks.completed,
                     tasks.completed_at,
                     tasks.due_at,
                     tasks.due_on,
                     tasks.time_zone,
                     tasks.recurrence,
                     tasks.next_task_id,
                     (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                     tasks.tags,
                     tasks.position,
                     tasks.revision,
                     tasks.created_at,
                     tasks.updated_at,
                     tasks.deleted_at
         )
    SELECT made.id,
           made.user_id,
           made.title,
           made.description,
           made.completed,
           made.completed_at,
           made.due_at,
           made.due_on,
           made.time_zone,
           made.recurrence,
           made.next_task_id,
           made.priority,
           made.tags,
           made.position,
           made.revision,
           made.created_at,
           made.updated_at,
           made.deleted_at,
           TRUE AS made
    FROM made

    UNION ALL

    SELECT existing.id,
           existing.user_id,
           existing.title,
           existing.description,
           existing.completed,
           existing.completed_at,
           existing.due_at,
           existing.due_on,
           existing.time_zone,
           existing.recurrence,
           existing.next_task_id,
           existing.priority,
           existing.tags,
           existing.position,
           existing.revision,
           existing.created_at,
           existing.updated_at,
           existing.deleted_at,
           FALSE AS made
    FROM existing;

-- tasks_api.tasks.item.creation: CREATE_MANY_ONCE
-- $1 array_position_1 = 1, $2 user_id, $3 count, $4 key, $5 fingerprint, $6 task_ids,
-- $7 param_1 = 1, $8 chosen, $9 number, $10 documents, $11 next
PREPARE q8dc766104dd76e8e(integer,
                          uuid,
                          bigint,
                          text,
                          text,
                          uuid[],
                          integer,
                          uuid[],
                          integer,
                          text,
                          uuid[]) AS
  WITH existing AS (
           SELECT tasks.id AS id,
                  tasks.user_id AS user_id,
                  tasks.title AS title,
                  tasks.description AS description,
                  tasks.completed AS completed,
                  tasks.completed_at AS completed_at,
                  tasks.due_at AS due_at,
                  tasks.due_on AS due_on,
                  tasks.time_zone AS time_zone,
                  tasks.recurrence AS recurrence,
                  tasks.next_task_id AS next_task_id,
                  (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                  tasks.tags AS tags,
                  tasks.position AS position,
                  tasks.revision AS revision,
                  tasks.created_at AS created_at,
                  tasks.updated_at AS updated_at,
                  tasks.deleted_at AS deleted_at
           FROM tasks
           WHERE tasks.user_id = CAST($2 AS uuid)
             AND tasks.id = ANY(CAST($8 AS uuid[]))
         ),
       wanted AS (
           SELECT $7 AS anon_9
           FROM existing
           HAVING count(*) < $9
              AND COALESCE(bool_and(existing.deleted_at IS NULL),
                           TRUE)
         ),
       claim AS (
           INSERT INTO idempotency_keys (user_id,
                                         key,
                                         fingerprint,
                                         task_ids)
           SELECT CAST($2 AS uuid) AS anon_4,
                  $4 AS anon_6,
                  $5 AS anon_7,
                  CAST($6 AS uuid[]) AS anon_8
           FROM wanted
           ON CONFLICT DO NOTHING
           RETURNING idempotency_keys.user_id
         ),
       counter AS (
           INSERT INTO users (id, revision, written_at)
           SELECT CAST($2 AS uuid) AS anon_4,
                  $3 AS anon_5,
                  now() AS now_1
           FROM claim
           ON CONFLICT (id)
              DO UPDATE
                SET revision = users.revision + excluded.revision,
                    written_at = GREATEST(users.written_at, excluded.written_at)
           RETURNING users.id, users.revision, users.written_at
         ),
       made AS (
           INSERT INTO tasks (user_id,
                              id,
                              title,
                              description,
                              completed,
                              due_at,
                              due_on,
                              time_zone,
                              recurrence,
                              priority,
                              tags,
                              position,
                              title_folded,
                              description_folded,
                              revision,
                              folded_revision,
                              created_at,
                              updated_at,
                              completed_at,
                              next_task_id)
           SELECT counter.id AS id,
                  documents.id AS id_1,
                  documents.title AS title,
                  documents.description AS description,
                  documents.completed AS completed,
                  documents.due_at AS due_at,
                  documents.due_on AS due_on,
                  documents.time_zone AS time_zone,
                  documents.recurrence AS recurrence,
                  array_position(ARRAY['none', 'low', 'medium', 'high'],
                                 documents.priority) - $1 AS anon_1,
                  documents.tags AS tags,
                  documents.position AS position,
                  documents.title_folded AS title_folded,
                  documents.description_folded AS description_folded,
                  counter.revision - documents.following AS anon_2,
                  counter.revision - documents.following AS anon__1,
                  counter.written_at AS written_at,
                  counter.written_at AS written_at__1,
                  CASE
                    WHEN documents.completed THEN counter.written_at
                  END AS anon_3,
                  documents.next_task_id AS next_task_id
           FROM counter
                INNER JOIN json_to_recordset(CAST($10 AS pg_catalog.json)) AS documents(id uuid,
                                                                                        title text,
                                                                                        description text,
                                                                                        completed boolean,
                                                                                        due_at timestamp with time zone,
                                                                                        due_on date,
                                                                                        time_zone text,
                                                                                        recurrence text,
                                                                                        priority text,
                                                                                        tags text[],
                                                                                        position text,
                                                                                        title_folded bytea,
                                                                                        description_folded bytea,
                                                                                        next_task_id uuid,
                                                                                        following bigint,
                                                                                        "with" uuid) ON TRUE
           WHERE NOT documents."with" IN (SELECT existing.id
                                          FROM existing)
             AND NOT documents.id IN (SELECT tasks.id
                                      FROM tasks
                                      WHERE tasks.user_id = CAST($2 AS uuid)
                                        AND tasks.id = ANY(CAST($11 AS uuid[])))
           RETURNING tasks.id,
                     tasks.user_id,
                     tasks.title,
                     tasks.description,
                     tasks.completed,
                     tasks.completed_at,
                     tasks.due_at,
                     tasks.due_on,
                     tasks.time_zone,
                     tasks.recurrence,
                     tasks.next_task_id,
                     (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                     tasks.tags,
                     tasks.position,
                     tasks.revision,
                     tasks.created_at,
                     tasks.updated_at,
                     tasks.deleted_at
         )
    SELECT made.id,
           made.user_id,
           made.title,
           made.description,
           made.completed,
           made.completed_at,
           made.due_at,
           made.due_on,
           made.time_zone,
           made.recurrence,
           made.next_task_id,
           made.priority,
           made.tags,
           made.position,
           made.revision,
           made.created_at,
           made.updated_at,
           made.deleted_at,
           TRUE AS made
    FROM made

    UNION ALL

    SELECT existing.id,
           existing.user_id,
           existing.title,
           existing.description,
           existing.completed,
           existing.completed_at,
           existing.due_at,
           existing.due_on,
           existing.time_zone,
           existing.recurrence,
           existing.next_task_id,
           existing.priority,
           existing.tags,
           existing.position,
           existing.revision,
           existing.created_at,
           existing.updated_at,
           existing.deleted_at,
           FALSE AS made
    FROM existing;

-- tasks_api.tasks.item.idempotency: REPLAY
-- $1 user_id, $2 key
PREPARE q217a954e43084148(uuid, text) AS
  SELECT tasks.id,
         tasks.user_id,
         tasks.title,
         tasks.description,
         tasks.completed,
         tasks.completed_at,
         tasks.due_at,
         tasks.due_on,
         tasks.time_zone,
         tasks.recurrence,
         tasks.next_task_id,
         (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
         tasks.tags,
         tasks.position,
         tasks.revision,
         tasks.created_at,
         tasks.updated_at,
         idempotency_keys.fingerprint,
         cardinality(idempotency_keys.task_ids) AS number
  FROM idempotency_keys
       LEFT JOIN tasks ON tasks.user_id = CAST($1 AS uuid)
                      AND tasks.id = ANY(idempotency_keys.task_ids)
                      AND tasks.deleted_at IS NULL
  WHERE idempotency_keys.user_id = CAST($1 AS uuid)
    AND idempotency_keys.key = $2
  ORDER BY array_position(idempotency_keys.task_ids, tasks.id);

-- tasks_api.tasks.item.statements: GET
-- $1 user_id, $2 task_id
PREPARE qc34d0a9d03e61ff8(uuid, uuid) AS
  SELECT tasks.id,
         tasks.user_id,
         tasks.title,
         tasks.description,
         tasks.completed,
         tasks.completed_at,
         tasks.due_at,
         tasks.due_on,
         tasks.time_zone,
         tasks.recurrence,
         tasks.next_task_id,
         (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
         tasks.tags,
         tasks.position,
         tasks.revision,
         tasks.created_at,
         tasks.updated_at
  FROM tasks
  WHERE tasks.user_id = CAST($1 AS uuid)
    AND tasks.id = CAST($2 AS uuid)
    AND tasks.deleted_at IS NULL;

-- tasks_api.tasks.item.statements: toggle_task, always
-- $1 revision_1 = 1, $2 user_id, $3 task_id
PREPARE q7c84447092309ae3(bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $1,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($2 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET completed = CASE
                      WHEN NOT(NOT tasks.completed
                           AND NOT tasks.completed
                           AND tasks.recurrence IS NOT NULL
                           AND tasks.next_task_id IS NULL)
                        THEN NOT tasks.completed
                      ELSE tasks.completed
                    END,
        revision = CASE
                     WHEN NOT(NOT tasks.completed
                          AND NOT tasks.completed
                          AND tasks.recurrence IS NOT NULL
                          AND tasks.next_task_id IS NULL)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN NOT(NOT tasks.completed
                            AND NOT tasks.completed
                            AND tasks.recurrence IS NOT NULL
                            AND tasks.next_task_id IS NULL)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        completed_at = CASE
                         WHEN NOT(NOT tasks.completed
                              AND NOT tasks.completed
                              AND tasks.recurrence IS NOT NULL
                              AND tasks.next_task_id IS NULL)
                           THEN CASE
                                  WHEN tasks.completed
                                    THEN NULL
                                  WHEN tasks.completed
                                    THEN tasks.completed_at
                                  ELSE counter.written_at
                                END
                         ELSE tasks.completed_at
                       END,
        folded_revision = CASE
                            WHEN NOT(NOT tasks.completed
                                 AND NOT tasks.completed
                                 AND tasks.recurrence IS NOT NULL
                                 AND tasks.next_task_id IS NULL)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($2 AS uuid)
      AND tasks.id = CAST($3 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: toggle_task, conditionally
-- $1 expected, $2 unless, $3 revision_1 = 1, $4 user_id, $5 task_id
PREPARE q8136cc4a7814bcf9(bigint[], bigint[], bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $3,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($4 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET completed = CASE
                      WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                    TRUE)
                       AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                    FALSE)
                       AND NOT(NOT tasks.completed
                           AND NOT tasks.completed
                           AND tasks.recurrence IS NOT NULL
                           AND tasks.next_task_id IS NULL)
                        THEN NOT tasks.completed
                      ELSE tasks.completed
                    END,
        revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                      AND NOT(NOT tasks.completed
                          AND NOT tasks.completed
                          AND tasks.recurrence IS NOT NULL
                          AND tasks.next_task_id IS NULL)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                        AND NOT(NOT tasks.completed
                            AND NOT tasks.completed
                            AND tasks.recurrence IS NOT NULL
                            AND tasks.next_task_id IS NULL)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        completed_at = CASE
                         WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                       TRUE)
                          AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                       FALSE)
                          AND NOT(NOT tasks.completed
                              AND NOT tasks.completed
                              AND tasks.recurrence IS NOT NULL
                              AND tasks.next_task_id IS NULL)
                           THEN CASE
                                  WHEN tasks.completed
                                    THEN NULL
                                  WHEN tasks.completed
                                    THEN tasks.completed_at
                                  ELSE counter.written_at
                                END
                         ELSE tasks.completed_at
                       END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                             AND NOT(NOT tasks.completed
                                 AND NOT tasks.completed
                                 AND tasks.recurrence IS NOT NULL
                                 AND tasks.next_task_id IS NULL)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($4 AS uuid)
      AND tasks.id = CAST($5 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: delete_task, always
-- $1 revision_1 = 1, $2 user_id, $3 task_id
PREPARE q41fc413b1baa2ca8(bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $1,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($2 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        deleted_at = counter.written_at,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($2 AS uuid)
      AND tasks.id = CAST($3 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: delete_task, conditionally
-- $1 expected, $2 unless, $3 revision_1 = 1, $4 user_id, $5 task_id
PREPARE q192656e3be95aee5(bigint[], bigint[], bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $3,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($4 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        deleted_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.deleted_at
                     END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($4 AS uuid)
      AND tasks.id = CAST($5 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: restore_task, always
-- $1 revision_1 = 1, $2 user_id, $3 task_id
PREPARE q2acb859f791ad641(bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $1,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($2 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN tasks.deleted_at IS NOT NULL
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN tasks.deleted_at IS NOT NULL
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        deleted_at = CASE
                       WHEN tasks.deleted_at IS NOT NULL THEN NULL
                       ELSE tasks.deleted_at
                     END,
        folded_revision = CASE
                            WHEN tasks.deleted_at IS NOT NULL
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($2 AS uuid)
      AND tasks.id = CAST($3 AS uuid)
      AND counter.id = tasks.user_id
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: restore_task, conditionally
-- $1 expected, $2 unless, $3 revision_1 = 1, $4 user_id, $5 task_id
PREPARE q006fd2f3ee46867b(bigint[], bigint[], bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $3,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($4 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                      AND tasks.deleted_at IS NOT NULL
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                        AND tasks.deleted_at IS NOT NULL
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        deleted_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                        AND tasks.deleted_at IS NOT NULL
                         THEN NULL
                       ELSE tasks.deleted_at
                     END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                             AND tasks.deleted_at IS NOT NULL
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($4 AS uuid)
      AND tasks.id = CAST($5 AS uuid)
      AND counter.id = tasks.user_id
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, title, always
-- $1 title, $2 title_folded, $3 revision_1 = 1, $4 user_id, $5 task_id
PREPARE q5c6ca2fd4399efd2(text, bytea, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $3,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($4 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET title = $1,
        revision = counter.revision,
        updated_at = counter.written_at,
        title_folded = $2,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($4 AS uuid)
      AND tasks.id = CAST($5 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, title, conditionally
-- $1 expected, $2 unless, $3 title, $4 title_folded, $5 revision_1 = 1, $6 user_id, $7 task_id
PREPARE qa5df76226452ba28(bigint[],
                          bigint[],
                          text,
                          bytea,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $5,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($6 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET title = CASE
                  WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                TRUE)
                   AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                FALSE)
                    THEN $3
                  ELSE tasks.title
                END,
        revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        title_folded = CASE
                         WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                       TRUE)
                          AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                       FALSE)
                           THEN $4
                         ELSE tasks.title_folded
                       END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($6 AS uuid)
      AND tasks.id = CAST($7 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, description, always
-- $1 description, $2 description_folded, $3 revision_1 = 1, $4 user_id, $5 task_id
PREPARE q24440c75a6b77e34(text, bytea, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $3,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($4 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET description = $1,
        revision = counter.revision,
        updated_at = counter.written_at,
        description_folded = $2,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($4 AS uuid)
      AND tasks.id = CAST($5 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, description, conditionally
-- $1 expected, $2 unless, $3 description, $4 description_folded, $5 revision_1 = 1, $6 user_id,
-- $7 task_id
PREPARE q46ded721bafba14b(bigint[],
                          bigint[],
                          text,
                          bytea,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $5,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($6 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET description = CASE
                        WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                      TRUE)
                         AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                      FALSE)
                          THEN $3
                        ELSE tasks.description
                      END,
        revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        description_folded = CASE
                               WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                             TRUE)
                                AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                             FALSE)
                                 THEN $4
                               ELSE tasks.description_folded
                             END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($6 AS uuid)
      AND tasks.id = CAST($7 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, completed, always
-- $1 completed, $2 revision_1 = 1, $3 user_id, $4 task_id
PREPARE qf616fefbcabf243f(boolean, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $2,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($3 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET completed = CASE
                      WHEN NOT($1
                           AND NOT tasks.completed
                           AND tasks.recurrence IS NOT NULL
                           AND tasks.next_task_id IS NULL)
                        THEN $1
                      ELSE tasks.completed
                    END,
        revision = CASE
                     WHEN NOT($1
                          AND NOT tasks.completed
                          AND tasks.recurrence IS NOT NULL
                          AND tasks.next_task_id IS NULL)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN NOT($1
                            AND NOT tasks.completed
                            AND tasks.recurrence IS NOT NULL
                            AND tasks.next_task_id IS NULL)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        completed_at = CASE
                         WHEN NOT($1
                              AND NOT tasks.completed
                              AND tasks.recurrence IS NOT NULL
                              AND tasks.next_task_id IS NULL)
                           THEN CASE
                                  WHEN NOT $1
                                    THEN NULL
                                  WHEN tasks.completed
                                    THEN tasks.completed_at
                                  ELSE counter.written_at
                                END
                         ELSE tasks.completed_at
                       END,
        folded_revision = CASE
                            WHEN NOT($1
                                 AND NOT tasks.completed
                                 AND tasks.recurrence IS NOT NULL
                                 AND tasks.next_task_id IS NULL)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($3 AS uuid)
      AND tasks.id = CAST($4 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, completed, conditionally
-- $1 expected, $2 unless, $3 completed, $4 revision_1 = 1, $5 user_id, $6 task_id
PREPARE qc11aad2805ca6386(bigint[],
                          bigint[],
                          boolean,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($5 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET completed = CASE
                      WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                    TRUE)
                       AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                    FALSE)
                       AND NOT($3
                           AND NOT tasks.completed
                           AND tasks.recurrence IS NOT NULL
                           AND tasks.next_task_id IS NULL)
                        THEN $3
                      ELSE tasks.completed
                    END,
        revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                      AND NOT($3
                          AND NOT tasks.completed
                          AND tasks.recurrence IS NOT NULL
                          AND tasks.next_task_id IS NULL)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                        AND NOT($3
                            AND NOT tasks.completed
                            AND tasks.recurrence IS NOT NULL
                            AND tasks.next_task_id IS NULL)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        completed_at = CASE
                         WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                       TRUE)
                          AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                       FALSE)
                          AND NOT($3
                              AND NOT tasks.completed
                              AND tasks.recurrence IS NOT NULL
                              AND tasks.next_task_id IS NULL)
                           THEN CASE
                                  WHEN NOT $3
                                    THEN NULL
                                  WHEN tasks.completed
                                    THEN tasks.completed_at
                                  ELSE counter.written_at
                                END
                         ELSE tasks.completed_at
                       END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                             AND NOT($3
                                 AND NOT tasks.completed
                                 AND tasks.recurrence IS NOT NULL
                                 AND tasks.next_task_id IS NULL)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($5 AS uuid)
      AND tasks.id = CAST($6 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, due_at, always
-- $1 due_at, $2 revision_1 = 1, $3 user_id, $4 task_id
PREPARE q261697b83ec466d2(timestamp with time zone,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $2,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($3 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        due_at = $1,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($3 AS uuid)
      AND tasks.id = CAST($4 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, due_at, conditionally
-- $1 expected, $2 unless, $3 due_at, $4 revision_1 = 1, $5 user_id, $6 task_id
PREPARE q23aaf08804b0657f(bigint[],
                          bigint[],
                          timestamp with time zone,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($5 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        due_at = CASE
                   WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                 TRUE)
                    AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                 FALSE)
                     THEN $3
                   ELSE tasks.due_at
                 END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($5 AS uuid)
      AND tasks.id = CAST($6 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, due_on, always
-- $1 due_on, $2 revision_1 = 1, $3 user_id, $4 task_id
PREPARE q0b5a4e66670b67ed(date, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $2,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($3 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        due_on = $1,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($3 AS uuid)
      AND tasks.id = CAST($4 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, due_on, conditionally
-- $1 expected, $2 unless, $3 due_on, $4 revision_1 = 1, $5 user_id, $6 task_id
PREPARE q17ab9b64b61cc895(bigint[],
                          bigint[],
                          date,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($5 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        due_on = CASE
                   WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                 TRUE)
                    AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                 FALSE)
                     THEN $3
                   ELSE tasks.due_on
                 END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($5 AS uuid)
      AND tasks.id = CAST($6 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, time_zone, always
-- $1 time_zone, $2 revision_1 = 1, $3 user_id, $4 task_id
PREPARE qd1a52a02189debc1(text, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $2,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($3 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        time_zone = $1,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($3 AS uuid)
      AND tasks.id = CAST($4 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, time_zone, conditionally
-- $1 expected, $2 unless, $3 time_zone, $4 revision_1 = 1, $5 user_id, $6 task_id
PREPARE qceaad32ccd019a88(bigint[],
                          bigint[],
                          text,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($5 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        time_zone = CASE
                      WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                    TRUE)
                       AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                    FALSE)
                        THEN $3
                      ELSE tasks.time_zone
                    END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($5 AS uuid)
      AND tasks.id = CAST($6 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, recurrence, always
-- $1 recurrence, $2 revision_1 = 1, $3 user_id, $4 task_id
PREPARE q11182525af68cc07(text, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $2,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($3 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        recurrence = $1,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($3 AS uuid)
      AND tasks.id = CAST($4 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, recurrence, conditionally
-- $1 expected, $2 unless, $3 recurrence, $4 revision_1 = 1, $5 user_id, $6 task_id
PREPARE qa32e6d0a3b926684(bigint[],
                          bigint[],
                          text,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($5 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        recurrence = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN $3
                       ELSE tasks.recurrence
                     END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($5 AS uuid)
      AND tasks.id = CAST($6 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, priority, always
-- $1 priority, $2 array_position_1 = 1, $3 revision_1 = 1, $4 user_id, $5 task_id
PREPARE qa10fe1c2379efed4(text, integer, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $3,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($4 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        priority = array_position(ARRAY['none', 'low', 'medium', 'high'],
                                  $1) - $2,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($4 AS uuid)
      AND tasks.id = CAST($5 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, priority, conditionally
-- $1 expected, $2 unless, $3 priority, $4 array_position_1 = 1, $5 revision_1 = 1, $6 user_id,
-- $7 task_id
PREPARE qc4e1b2dc2e9e53f2(bigint[],
                          bigint[],
                          text,
                          integer,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $5,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($6 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        priority = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN array_position(ARRAY['none', 'low', 'medium', 'high'],
                                           $3) - $4
                     ELSE tasks.priority
                   END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($6 AS uuid)
      AND tasks.id = CAST($7 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, tags, always
-- $1 tags, $2 revision_1 = 1, $3 user_id, $4 task_id
PREPARE qc34fbddf8c80646e(text[], bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $2,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($3 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        tags = CAST($1 AS text[]),
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($3 AS uuid)
      AND tasks.id = CAST($4 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, tags, conditionally
-- $1 expected, $2 unless, $3 tags, $4 revision_1 = 1, $5 user_id, $6 task_id
PREPARE q74e4362b13ec8e72(bigint[],
                          bigint[],
                          text[],
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($5 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        tags = CASE
                 WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                               TRUE)
                  AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                               FALSE)
                   THEN CAST($3 AS text[])
                 ELSE tasks.tags
               END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($5 AS uuid)
      AND tasks.id = CAST($6 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, position, always
-- $1 position, $2 revision_1 = 1, $3 user_id, $4 task_id
PREPARE q008a567651019be4(text, bigint, uuid, uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $2,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($3 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = counter.revision,
        updated_at = counter.written_at,
        position = $1,
        folded_revision = CASE
                            WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                              THEN counter.revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($3 AS uuid)
      AND tasks.id = CAST($4 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.item.statements: change_task, position, conditionally
-- $1 expected, $2 unless, $3 position, $4 revision_1 = 1, $5 user_id, $6 task_id
PREPARE q1787cbf557d52317(bigint[],
                          bigint[],
                          text,
                          bigint,
                          uuid,
                          uuid) AS
  WITH counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now())
           WHERE users.id = CAST($5 AS uuid)
           RETURNING users.id, users.revision, users.written_at
         )
    UPDATE tasks
    SET revision = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN counter.revision
                     ELSE tasks.revision
                   END,
        updated_at = CASE
                       WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                     TRUE)
                        AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                     FALSE)
                         THEN counter.written_at
                       ELSE tasks.updated_at
                     END,
        position = CASE
                     WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                   TRUE)
                      AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                   FALSE)
                       THEN $3
                     ELSE tasks.position
                   END,
        folded_revision = CASE
                            WHEN COALESCE(tasks.revision = ANY(CAST($1 AS bigint[])),
                                          TRUE)
                             AND COALESCE(tasks.revision <> ALL(CAST($2 AS bigint[])),
                                          FALSE)
                              THEN CASE
                                     WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                       THEN counter.revision
                                   END
                            ELSE tasks.folded_revision
                          END
    FROM counter
    WHERE tasks.user_id = CAST($5 AS uuid)
      AND tasks.id = CAST($6 AS uuid)
      AND counter.id = tasks.user_id
      AND tasks.deleted_at IS NULL
    RETURNING tasks.id,
              tasks.user_id,
              tasks.title,
              tasks.description,
              tasks.completed,
              tasks.completed_at,
              tasks.due_at,
              tasks.due_on,
              tasks.time_zone,
              tasks.recurrence,
              tasks.next_task_id,
              (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
              tasks.tags,
              tasks.position,
              tasks.revision,
              tasks.created_at,
              tasks.updated_at,
              tasks.deleted_at,
              tasks.revision = counter.revision AS written;

-- tasks_api.tasks.lists.clearing: CLEAR_COMPLETED
-- $1 revision_1 = 1, $2 param_1 = 1, $3 user_id, $4 param_2 = 1, $5 param_3 = 10000, $6 expected,
-- $7 unless
PREPARE qc9ae7da6bc208e56(bigint,
                          bigint,
                          uuid,
                          integer,
                          integer,
                          bigint[],
                          bigint[]) AS
  WITH found AS (
           SELECT (SELECT min(tasks.revision) AS min_1
                   FROM tasks
                   WHERE tasks.user_id = CAST($3 AS uuid)
                     AND tasks.deleted_at IS NULL
                     AND tasks.completed) AS oldest,
                  (SELECT tasks.revision
                   FROM tasks
                   WHERE tasks.user_id = CAST($3 AS uuid)
                     AND tasks.deleted_at IS NULL
                     AND tasks.completed
                   ORDER BY tasks.revision
                   LIMIT $4
                   OFFSET $5) AS "left"
         ),
       locked AS (
           SELECT users.id AS id, users.revision AS revision
           FROM users
           WHERE users.id = CAST($3 AS uuid)
           FOR UPDATE
         ),
       counter AS (
           UPDATE users
           SET revision = users.revision + (COALESCE(found."left",
                                                     locked.revision + $1) - found.oldest),
               written_at = GREATEST(users.written_at, now())
           FROM found, locked
           WHERE users.id = CAST($3 AS uuid)
             AND found.oldest IS NOT NULL
             AND locked.id = users.id
             AND COALESCE(locked.revision = ANY(CAST($6 AS bigint[])),
                          TRUE)
             AND COALESCE(locked.revision <> ALL(CAST($7 AS bigint[])),
                          FALSE)
           RETURNING users.id, users.revision, users.written_at
         ),
       cleared AS (
           UPDATE tasks
           SET revision = tasks.revision + counter.revision - COALESCE(found."left",
                                                                       locked.revision + $1) + $2,
               updated_at = counter.written_at,
               deleted_at = counter.written_at,
               folded_revision = CASE
                                   WHEN tasks.folded_revision IS NOT DISTINCT FROM tasks.revision
                                     THEN tasks.revision + counter.revision - COALESCE(found."left",
                                                                                       locked.revision + $1) + $2
                                 END
           FROM counter, locked, found
           WHERE counter.id = tasks.user_id
             AND locked.id = tasks.user_id
             AND tasks.revision < COALESCE(found."left",
                                           locked.revision + $1)
             AND tasks.user_id = CAST($3 AS uuid)
             AND tasks.deleted_at IS NULL
             AND tasks.completed
           RETURNING tasks.id
         )
    SELECT locked.revision,
           (SELECT count(*) AS count_1
            FROM cleared) AS deleted,
           found."left" IS NOT NULL AS has_more
    FROM locked INNER JOIN found ON TRUE;

-- tasks_api.tasks.lists.statements: list_tasks, newest first
-- $1 known, $2 user_id, $3 limit, $4 offset
PREPARE qb875ae12e1f23869(bigint[], uuid, integer, integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $3
                          OFFSET $4) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q91fea02a428d8338(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.created_at, tasks.id) < (CAST($3 AS timestamp with time zone),
                                                                CAST($4 AS uuid))
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, count
-- $1 known, $2 user_id, $3 limit, $4 offset
PREPARE q190b42bdf90dbfb9(bigint[], uuid, integer, integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at,
         CASE
           WHEN users.revision <> ALL(CAST($1 AS bigint[]))
             THEN (SELECT count(*) AS count_1
                   FROM tasks
                   WHERE tasks.user_id = CAST($2 AS uuid)
                     AND tasks.deleted_at IS NULL)
         END AS total
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $3
                          OFFSET $4) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, deleted
-- $1 known, $2 user_id, $3 limit, $4 offset
PREPARE qa5d04efd52a6f898(bigint[], uuid, integer, integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NOT NULL
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $3
                          OFFSET $4) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, completed
-- $1 known, $2 user_id, $3 completed, $4 limit, $5 offset
PREPARE qfaaccc2a912e3124(bigint[], uuid, boolean, integer, integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND tasks.completed = $3
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $4
                          OFFSET $5) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, q
-- $1 known, $2 user_id, $3 q, $4 q_folded, $5 limit, $6 offset
PREPARE q77e7f23de7977eb1(bigint[],
                          uuid,
                          text,
                          bytea,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND CASE
                                  WHEN tasks.folded_revision IS DISTINCT FROM tasks.revision
                                    THEN position((SELECT convert_to(lower($3),
                                                                     'UTF8') AS convert_to_1) IN convert_to(lower(tasks.title),
                                                                                                            'UTF8')) > 0
                                      OR position((SELECT convert_to(lower($3),
                                                                     'UTF8') AS convert_to_1) IN convert_to(lower(tasks.description),
                                                                                                            'UTF8')) > 0
                                  ELSE position($4 IN tasks.title_folded) > 0
                                    OR position($4 IN tasks.description_folded) > 0
                                END
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, tag
-- $1 known, $2 user_id, $3 tag, $4 limit, $5 offset
PREPARE qab9915621b75096d(bigint[], uuid, text, integer, integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND $3 = ANY(tasks.tags)
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $4
                          OFFSET $5) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, priority
-- $1 known, $2 user_id, $3 priority, $4 array_position_1 = 1, $5 limit, $6 offset
PREPARE q2f8b12559d6a4cd5(bigint[],
                          uuid,
                          text,
                          integer,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND tasks.priority = array_position(ARRAY['none', 'low', 'medium', 'high'],
                                                                $3) - $4
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, due_before
-- $1 known, $2 user_id, $3 due_before, $4 ended_before, $5 limit, $6 offset
PREPARE q473b46bae855ae0c(bigint[],
                          uuid,
                          timestamp with time zone,
                          date,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.due_at < $3
                              OR tasks.due_on < $4)
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, newest first, due_after
-- $1 known, $2 user_id, $3 due_after, $4 ended_after, $5 limit, $6 offset
PREPARE q41d01db45732794f(bigint[],
                          uuid,
                          timestamp with time zone,
                          date,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.due_at >= $3
                              OR tasks.due_on >= $4)
                          ORDER BY tasks.created_at DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=title
-- $1 known, $2 user_id, $3 limit, $4 offset
PREPARE q5c4a20de99179bee(bigint[], uuid, integer, integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at,
         CASE
           WHEN users.revision <> ALL(CAST($1 AS bigint[])) IS TRUE
            AND NOT EXISTS (SELECT tasks.id
                            FROM tasks
                            WHERE tasks.user_id = CAST($2 AS uuid)
                              AND tasks.folded_revision IS DISTINCT FROM tasks.revision)
             THEN page.title_folded
         END AS title_folded
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at,
                                 COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                          '') AS title_folded
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                          ORDER BY COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                            '') ASC,
                                   tasks.id ASC
                          LIMIT $3
                          OFFSET $4) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=created_at, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE qe48d5fb7117989e4(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.created_at, tasks.id) > (CAST($3 AS timestamp with time zone),
                                                                CAST($4 AS uuid))
                          ORDER BY tasks.created_at ASC, tasks.id ASC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=updated_at, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q06c4c0c56545e810(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.updated_at, tasks.id) > (CAST($3 AS timestamp with time zone),
                                                                CAST($4 AS uuid))
                          ORDER BY tasks.updated_at ASC, tasks.id ASC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=due_at, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q1a9af923df5ebd50(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (COALESCE(COALESCE(tasks.due_at,
                                                   timezone('UTC',
                                                            CAST(tasks.due_on + 1 AS timestamp))),
                                          'infinity'),
                                 tasks.id) > (CAST($3 AS timestamp with time zone),
                                              CAST($4 AS uuid))
                          ORDER BY COALESCE(COALESCE(tasks.due_at,
                                                     timezone('UTC',
                                                              CAST(tasks.due_on + 1 AS timestamp))),
                                            'infinity') ASC,
                                   tasks.id ASC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=priority, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE qd5c8f773d97eb977(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.priority, tasks.id) > (CAST($3 AS smallint),
                                                              CAST($4 AS uuid))
                          ORDER BY tasks.priority ASC, tasks.id ASC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=title_folded, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q85040fd4cbbc65f9(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at,
         page.title_folded
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at,
                                 COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                          '') AS title_folded
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                          ''),
                                 tasks.id) > (CAST($3 AS text) COLLATE "C",
                                              CAST($4 AS uuid))
                          ORDER BY COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                            '') ASC,
                                   tasks.id ASC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=title, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q94378ae8c881c0fb(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.title, tasks.id) > (CAST($3 AS text),
                                                           CAST($4 AS uuid))
                          ORDER BY tasks.title ASC, tasks.id ASC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=position, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q6d205273e2418ecb(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT "both".id AS id,
                                 "both".user_id AS user_id,
                                 "both".title AS title,
                                 "both".description AS description,
                                 "both".completed AS completed,
                                 "both".completed_at AS completed_at,
                                 "both".due_at AS due_at,
                                 "both".due_on AS due_on,
                                 "both".time_zone AS time_zone,
                                 "both".recurrence AS recurrence,
                                 "both".next_task_id AS next_task_id,
                                 "both".priority AS priority,
                                 "both".tags AS tags,
                                 "both".position AS position,
                                 "both".revision AS revision,
                                 "both".created_at AS created_at,
                                 "both".updated_at AS updated_at
                          FROM (WITH first AS (
                                         SELECT tasks.id AS id,
                                                tasks.user_id AS user_id,
                                                tasks.title AS title,
                                                tasks.description AS description,
                                                tasks.completed AS completed,
                                                tasks.completed_at AS completed_at,
                                                tasks.due_at AS due_at,
                                                tasks.due_on AS due_on,
                                                tasks.time_zone AS time_zone,
                                                tasks.recurrence AS recurrence,
                                                tasks.next_task_id AS next_task_id,
                                                (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                                tasks.tags AS tags,
                                                tasks.position AS position,
                                                tasks.revision AS revision,
                                                tasks.created_at AS created_at,
                                                tasks.updated_at AS updated_at
                                         FROM tasks
                                         WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                                           AND tasks.user_id = CAST($2 AS uuid)
                                           AND tasks.deleted_at IS NULL
                                           AND tasks.position IS NOT NULL
                                           AND (tasks.position COLLATE "C",
                                                tasks.id) > (CAST($3 AS text) COLLATE "C",
                                                             CAST($4 AS uuid))
                                         ORDER BY tasks.position COLLATE "C" ASC,
                                                  tasks.id ASC
                                         LIMIT ($5 + $6)
                                       )
                                  SELECT first.id AS id,
                                         first.user_id AS user_id,
                                         first.title AS title,
                                         first.description AS description,
                                         first.completed AS completed,
                                         first.completed_at AS completed_at,
                                         first.due_at AS due_at,
                                         first.due_on AS due_on,
                                         first.time_zone AS time_zone,
                                         first.recurrence AS recurrence,
                                         first.next_task_id AS next_task_id,
                                         first.priority AS priority,
                                         first.tags AS tags,
                                         first.position AS position,
                                         first.revision AS revision,
                                         first.created_at AS created_at,
                                         first.updated_at AS updated_at
                                  FROM first

                                  UNION ALL

                                  (SELECT tasks.id AS id,
                                          tasks.user_id AS user_id,
                                          tasks.title AS title,
                                          tasks.description AS description,
                                          tasks.completed AS completed,
                                          tasks.completed_at AS completed_at,
                                          tasks.due_at AS due_at,
                                          tasks.due_on AS due_on,
                                          tasks.time_zone AS time_zone,
                                          tasks.recurrence AS recurrence,
                                          tasks.next_task_id AS next_task_id,
                                          (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                          tasks.tags AS tags,
                                          tasks.position AS position,
                                          tasks.revision AS revision,
                                          tasks.created_at AS created_at,
                                          tasks.updated_at AS updated_at
                                   FROM tasks
                                   WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                                     AND tasks.user_id = CAST($2 AS uuid)
                                     AND tasks.deleted_at IS NULL
                                     AND tasks.position IS NULL
                                     AND tasks.id > CASE
                                                      WHEN '~' = $3
                                                        THEN CAST($4 AS uuid)
                                                      ELSE CAST('00000000-0000-0000-0000-000000000000' AS uuid)
                                                    END
                                   ORDER BY tasks.id ASC
                                   LIMIT ($5 + $6 - (SELECT count(*) AS count_1
                                                     FROM first)))) AS "both"
                          ORDER BY "both".position COLLATE "C" ASC NULLS LAST,
                                   "both".id ASC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=-updated_at, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q93ce586ecf6549c4(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.updated_at, tasks.id) < (CAST($3 AS timestamp with time zone),
                                                                CAST($4 AS uuid))
                          ORDER BY tasks.updated_at DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=-due_at, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE qa3633c5f46ecc425(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (COALESCE(COALESCE(tasks.due_at,
                                                   timezone('UTC',
                                                            CAST(tasks.due_on + 1 AS timestamp))),
                                          '-infinity'),
                                 tasks.id) < (CAST($3 AS timestamp with time zone),
                                              CAST($4 AS uuid))
                          ORDER BY COALESCE(COALESCE(tasks.due_at,
                                                     timezone('UTC',
                                                              CAST(tasks.due_on + 1 AS timestamp))),
                                            '-infinity') DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=-priority, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q92d2d7f7c26b966d(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.priority, tasks.id) < (CAST($3 AS smallint),
                                                              CAST($4 AS uuid))
                          ORDER BY tasks.priority DESC, tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=-title_folded, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q3bce8d2a2e051a05(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at,
         page.title_folded
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at,
                                 COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                          '') AS title_folded
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                          ''),
                                 tasks.id) < (CAST($3 AS text) COLLATE "C",
                                              CAST($4 AS uuid))
                          ORDER BY COALESCE(convert_from(tasks.title_folded, 'UTF8') COLLATE "C",
                                            '') DESC,
                                   tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=-title, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE qbb506f4639a6c031(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT tasks.id AS id,
                                 tasks.user_id AS user_id,
                                 tasks.title AS title,
                                 tasks.description AS description,
                                 tasks.completed AS completed,
                                 tasks.completed_at AS completed_at,
                                 tasks.due_at AS due_at,
                                 tasks.due_on AS due_on,
                                 tasks.time_zone AS time_zone,
                                 tasks.recurrence AS recurrence,
                                 tasks.next_task_id AS next_task_id,
                                 (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                 tasks.tags AS tags,
                                 tasks.position AS position,
                                 tasks.revision AS revision,
                                 tasks.created_at AS created_at,
                                 tasks.updated_at AS updated_at
                          FROM tasks
                          WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                            AND tasks.user_id = CAST($2 AS uuid)
                            AND tasks.deleted_at IS NULL
                            AND (tasks.title, tasks.id) < (CAST($3 AS text),
                                                           CAST($4 AS uuid))
                          ORDER BY tasks.title DESC, tasks.id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.lists.statements: list_tasks, sort=-position, from a cursor on
-- $1 known, $2 user_id, $3 after_key, $4 after_id, $5 limit, $6 offset
PREPARE q440e283c28bbe653(bigint[],
                          uuid,
                          text,
                          uuid,
                          integer,
                          integer) AS
  SELECT users.revision AS counter,
         page.id,
         page.user_id,
         page.title,
         page.description,
         page.completed,
         page.completed_at,
         page.due_at,
         page.due_on,
         page.time_zone,
         page.recurrence,
         page.next_task_id,
         page.priority,
         page.tags,
         page.position,
         page.revision,
         page.created_at,
         page.updated_at
  FROM users
       LEFT JOIN LATERAL (SELECT "both".id AS id,
                                 "both".user_id AS user_id,
                                 "both".title AS title,
                                 "both".description AS description,
                                 "both".completed AS completed,
                                 "both".completed_at AS completed_at,
                                 "both".due_at AS due_at,
                                 "both".due_on AS due_on,
                                 "both".time_zone AS time_zone,
                                 "both".recurrence AS recurrence,
                                 "both".next_task_id AS next_task_id,
                                 "both".priority AS priority,
                                 "both".tags AS tags,
                                 "both".position AS position,
                                 "both".revision AS revision,
                                 "both".created_at AS created_at,
                                 "both".updated_at AS updated_at
                          FROM (WITH first AS (
                                         SELECT tasks.id AS id,
                                                tasks.user_id AS user_id,
                                                tasks.title AS title,
                                                tasks.description AS description,
                                                tasks.completed AS completed,
                                                tasks.completed_at AS completed_at,
                                                tasks.due_at AS due_at,
                                                tasks.due_on AS due_on,
                                                tasks.time_zone AS time_zone,
                                                tasks.recurrence AS recurrence,
                                                tasks.next_task_id AS next_task_id,
                                                (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                                tasks.tags AS tags,
                                                tasks.position AS position,
                                                tasks.revision AS revision,
                                                tasks.created_at AS created_at,
                                                tasks.updated_at AS updated_at
                                         FROM tasks
                                         WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                                           AND tasks.user_id = CAST($2 AS uuid)
                                           AND tasks.deleted_at IS NULL
                                           AND tasks.position IS NOT NULL
                                           AND (tasks.position COLLATE "C",
                                                tasks.id) < (CAST($3 AS text) COLLATE "C",
                                                             CAST($4 AS uuid))
                                         ORDER BY tasks.position COLLATE "C" DESC,
                                                  tasks.id DESC
                                         LIMIT ($5 + $6)
                                       )
                                  SELECT first.id AS id,
                                         first.user_id AS user_id,
                                         first.title AS title,
                                         first.description AS description,
                                         first.completed AS completed,
                                         first.completed_at AS completed_at,
                                         first.due_at AS due_at,
                                         first.due_on AS due_on,
                                         first.time_zone AS time_zone,
                                         first.recurrence AS recurrence,
                                         first.next_task_id AS next_task_id,
                                         first.priority AS priority,
                                         first.tags AS tags,
                                         first.position AS position,
                                         first.revision AS revision,
                                         first.created_at AS created_at,
                                         first.updated_at AS updated_at
                                  FROM first

                                  UNION ALL

                                  (SELECT tasks.id AS id,
                                          tasks.user_id AS user_id,
                                          tasks.title AS title,
                                          tasks.description AS description,
                                          tasks.completed AS completed,
                                          tasks.completed_at AS completed_at,
                                          tasks.due_at AS due_at,
                                          tasks.due_on AS due_on,
                                          tasks.time_zone AS time_zone,
                                          tasks.recurrence AS recurrence,
                                          tasks.next_task_id AS next_task_id,
                                          (ARRAY['none', 'low', 'medium', 'high'])[tasks.priority + 1] AS priority,
                                          tasks.tags AS tags,
                                          tasks.position AS position,
                                          tasks.revision AS revision,
                                          tasks.created_at AS created_at,
                                          tasks.updated_at AS updated_at
                                   FROM tasks
                                   WHERE users.revision <> ALL(CAST($1 AS bigint[]))
                                     AND tasks.user_id = CAST($2 AS uuid)
                                     AND tasks.deleted_at IS NULL
                                     AND tasks.position IS NULL
                                     AND tasks.id < CASE
                                                      WHEN '' = $3
                                                        THEN CAST($4 AS uuid)
                                                      ELSE CAST('ffffffff-ffff-ffff-ffff-ffffffffffff' AS uuid)
                                                    END
                                   ORDER BY tasks.id DESC
                                   LIMIT ($5 + $6 - (SELECT count(*) AS count_1
                                                     FROM first)))) AS "both"
                          ORDER BY "both".position COLLATE "C" DESC NULLS LAST,
                                   "both".id DESC
                          LIMIT $5
                          OFFSET $6) AS page ON TRUE
  WHERE users.id = CAST($2 AS uuid);

-- tasks_api.tasks.upkeep.erasure: ERASE
-- $1 revision_1 = 1, $2 revision_2 = 1, $3 user_id, $4 expected, $5 unless
PREPARE q00db19cecf492782(bigint, bigint, uuid, bigint[], bigint[]) AS
  WITH locked AS (
           SELECT users.id AS id, users.revision AS revision
           FROM users
           WHERE users.id = CAST($3 AS uuid)
           FOR UPDATE
         ),
       counter AS (
           UPDATE users
           SET revision = users.revision + $1,
               written_at = GREATEST(users.written_at, now()),
               purged_revision = users.revision + $2
           FROM locked
           WHERE users.id = CAST($3 AS uuid)
             AND locked.id = users.id
             AND COALESCE(locked.revision = ANY(CAST($4 AS bigint[])),
                          TRUE)
             AND COALESCE(locked.revision <> ALL(CAST($5 AS bigint[])),
                          FALSE)
           RETURNING users.id, users.revision, users.written_at
         ),
       gone_tasks AS (
           DELETE FROM tasks
           USING counter
           WHERE tasks.user_id = CAST($3 AS uuid)
             AND counter.id = tasks.user_id
           RETURNING tasks.user_id
         ),
       gone_idempotency_keys AS (
           DELETE FROM idempotency_keys
           USING counter
           WHERE idempotency_keys.user_id = CAST($3 AS uuid)
             AND counter.id = idempotency_keys.user_id
           RETURNING idempotency_keys.user_id
         )
    SELECT locked.revision,
           locked.revision = (SELECT users.revision
                              FROM users
                              WHERE users.id = CAST($3 AS uuid)) AS complete
    FROM locked;

-- tasks_api.tasks.upkeep.fold: NEXT_UNFOLDED
-- $1 after_user_id, $2 after_id, $3 param_1 = 1000
PREPARE q39d1e541a59c637c(uuid, uuid, integer) AS
  SELECT tasks.user_id,
         tasks.id,
         tasks.revision,
         tasks.title,
         tasks.description
  FROM tasks
  WHERE tasks.folded_revision IS DISTINCT FROM tasks.revision
    AND (tasks.user_id, tasks.id) > (CAST($1 AS uuid),
                                     CAST($2 AS uuid))
  ORDER BY tasks.user_id, tasks.id
  LIMIT $3;

-- tasks_api.tasks.upkeep.fold: FOLD
-- $1 user_id, $2 id, $3 revision, $4 title_folded, $5 description_folded
PREPARE qd28b2489e5663cc6(uuid, uuid[], bigint[], bytea[], bytea[]) AS
  WITH locked AS (
           SELECT users.id AS id, users.revision AS revision
           FROM users
           WHERE users.id = CAST($1 AS uuid)
           FOR UPDATE
         )
    UPDATE tasks
    SET title_folded = given.title_folded,
        description_folded = given.description_folded,
        folded_revision = tasks.revision
    FROM locked,
         unnest(CAST($2 AS uuid[]),
                CAST($3 AS bigint[]),
                CAST($4 AS bytea[]),
                CAST($5 AS bytea[])) AS given (id, revision, title_folded, description_folded)
    WHERE tasks.user_id = CAST($1 AS uuid)
      AND locked.id = tasks.user_id
      AND tasks.id = given.id
      AND tasks.revision = given.revision
    RETURNING tasks.id;

-- tasks_api.tasks.upkeep.purge: COUNT_OLD
-- $1 age
PREPARE qf8778d221fe03012(interval) AS
  SELECT count(*) AS number
  FROM tasks
  WHERE tasks.deleted_at < now() - $1;

-- tasks_api.tasks.upkeep.purge: NEXT_USERS
-- $1 age, $2 since, $3 param_1 = 1000
PREPARE qc576427245a93561(interval, timestamp with time zone, integer) AS
  SELECT oldest.user_id,
         max(max(oldest.deleted_at)) OVER () AS newest
  FROM (SELECT tasks.user_id AS user_id,
               tasks.deleted_at AS deleted_at
        FROM tasks
        WHERE tasks.deleted_at < now() - $1
          AND tasks.deleted_at >= $2
        ORDER BY tasks.deleted_at
        LIMIT $3) AS oldest
  GROUP BY oldest.user_id;

-- tasks_api.tasks.upkeep.purge: PURGE
-- $1 user_id, $2 age, $3 param_1 = 1000, $4 revision_1 = 1
PREPARE qd7ed39705bafe1c8(uuid, interval, integer, bigint) AS
  WITH doomed AS (
           SELECT tasks.id AS id, tasks.revision AS revision
           FROM tasks
           WHERE tasks.user_id = CAST($1 AS uuid)
             AND tasks.deleted_at < now() - $2
           ORDER BY tasks.revision + 0
           LIMIT $3
         ),
       counter AS (
           UPDATE users
           SET revision = users.revision + $4,
               written_at = GREATEST(users.written_at, now()),
               purged_revision = GREATEST(users.purged_revision,
                                          (SELECT max(doomed.revision) AS max_1
                                           FROM doomed))
           WHERE users.id = CAST($1 AS uuid)
             AND (SELECT max(doomed.revision) AS max_1
                  FROM doomed) IS NOT NULL
           RETURNING users.id, users.revision, users.written_at
         )
    DELETE FROM tasks
    USING doomed, counter
    WHERE tasks.user_id = CAST($1 AS uuid)
      AND tasks.deleted_at < now() - $2
      AND tasks.id = doomed.id
      AND counter.id = tasks.user_id
    RETURNING tasks.id;

-- tasks_api.tasks.upkeep.purge: PURGE_KEYS
-- $1 param_1 = 1000
PREPARE qc0d91bc97092ef9e(integer) AS
  DELETE FROM idempotency_keys
  WHERE (idempotency_keys.user_id, idempotency_keys.key) IN (SELECT idempotency_keys.user_id,
                                                                    idempotency_keys.key
                                                             FROM idempotency_keys
                                                             WHERE idempotency_keys.created_at < now() - CAST('24 hours' AS interval)
                                                             ORDER BY idempotency_keys.created_at
                                                             LIMIT $1)
  RETURNING idempotency_keys.user_id;

-- tasks_api.tasks.upkeep.restoration: MOVE_FAR_AHEAD
-- $1 revision_1 = 1000000000, $2 revision_2 = 1000000000
PREPARE q4c212a97d97832b4(bigint, bigint) AS
  WITH moved AS (
           UPDATE users
           SET revision = users.revision + $1,
               purged_revision = users.revision + $2
           RETURNING users.id
         )
    SELECT count(*) AS number
    FROM moved;
