-- Fills a database: `people` users with `each` tasks, and user 0 with `many`. They come in the order of
-- their time, so those of one user are spread over the table. Every third is completed, every
-- tenth in the trash, some of these for long; half of them have a position.

-- Foreign keys hold by construction; to check them takes as long as the rest.
SET session_replication_role = replica;

INSERT INTO users (id, revision)
SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(person), 12, '0'))::uuid,
       CASE person WHEN 0 THEN {many} ELSE {each} END
FROM generate_series(0, {people}) AS person;

DO $$ BEGIN
  FOR step IN 0..{each} - 1 LOOP
    INSERT INTO tasks (user_id, id, title, description, revision, created_at, updated_at, completed,
                       due_at, tags, position, deleted_at, title_folded, description_folded,
                       folded_revision)
    SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(person), 12, '0'))::uuid,
           ('00000000-' || lpad(to_hex(number % 65536), 4, '0') || '-7000-8000-'
            || lpad(to_hex(number), 12, '0'))::uuid,
           title, about, number + 1, time, time, number % 3 = 0,
           CASE WHEN number % 4 = 0 THEN time + interval '7 days' END, ARRAY['errands'],
           CASE WHEN number % 2 = 0 THEN 'a' || lpad(to_hex(number * 7919 % 1000003), 6, '0') END,
           CASE WHEN number % 10 = 9
             THEN now() - number % 41 * interval '1 day' - person * interval '0.5 s' END,
           convert_to(lower(title), 'UTF8'), convert_to(lower(about), 'UTF8'), number + 1
    FROM (SELECT person, step AS number FROM generate_series(1, {people}) AS person
          UNION ALL
          SELECT 0, generate_series(step * {many} / {each}, (step + 1) * {many} / {each} - 1)) AS task,
         LATERAL (SELECT 'Task ' || number, 'Two cartons, the barista kind.',
                         timestamptz '2026-01-01Z' + number * interval '1 minute')
         AS texts (title, about, time);
  END LOOP;
END $$;
