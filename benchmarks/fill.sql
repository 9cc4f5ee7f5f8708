-- The tasks that every server's database holds when a run begins: 100 users have 2,000 each, and
-- user 100 has 10,000. They come in the order of their time, so those of one user are spread over
-- the table. `cases.py` makes the same ids.

DO $$ BEGIN
  -- The peers with an ORM have no table of users.
  IF to_regclass('users') IS NOT NULL THEN
    INSERT INTO users (id, revision)
    SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(person), 12, '0'))::uuid, 10000
    FROM generate_series(0, 100) AS person;
  END IF;
END $$;

INSERT INTO tasks (user_id, id, title, description, revision, created_at, updated_at)
SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(person), 12, '0'))::uuid,
       ('00000000-' || lpad(to_hex(person), 4, '0') || '-7000-8000-'
        || lpad(to_hex(number), 12, '0'))::uuid,
       'Task ' || number, 'Two cartons, the barista kind.', number + 1, time, time
FROM generate_series(0, 9999) AS number,
     generate_series(0, 100) AS person,
     LATERAL (SELECT timestamptz '2026-01-01Z' + number * interval '1 minute') AS at (time)
WHERE number < 2000 OR person = 100
ORDER BY number, person;

DO $$ BEGIN
  -- As this service writes them. Otherwise they are tasks that an earlier release has written.
  IF EXISTS (SELECT FROM information_schema.columns WHERE column_name = 'folded_revision') THEN
    UPDATE tasks SET title_folded = convert_to(lower(title), 'UTF8'),
                     description_folded = convert_to(lower(description), 'UTF8'),
                     folded_revision = revision;
  END IF;
END $$;
