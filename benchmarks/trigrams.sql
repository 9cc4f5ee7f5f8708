-- What a trigram index would bring to searches, and cost. The service has none: see docs/operating.md.
--
--     psql -f benchmarks/trigrams.sql postgresql://…
--
-- In a database of its own, with the extensions pg_trgm and btree_gin to be had. 20 users have
-- 10,000 tasks each.

\set QUIET on
\pset tuples_only on
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE UNLOGGED TABLE trigram_tasks (user_id integer, number integer, title text COLLATE "C", folded bytea);

PREPARE fill (integer, integer) AS
  INSERT INTO trigram_tasks SELECT number % 20, number, title, convert_to(title, 'UTF8')
  FROM generate_series($1, $2) AS number, substr(
    'buy two cartons of oat milk for the party on ' || md5(number::text), 1, 30 + number % 31) AS title;
PREPARE by_bytes (bytea) AS
  SELECT count(*) FROM trigram_tasks WHERE user_id = 3 AND position($1 IN folded) > 0;
PREPARE by_trigrams (text) AS
  SELECT count(*) FROM trigram_tasks WHERE user_id = 3 AND title LIKE '%' || $1 || '%';

CREATE INDEX ON trigram_tasks (user_id);
EXECUTE fill(1, 200000);
VACUUM ANALYZE trigram_tasks;
\timing on
\echo 20,000 more tasks:
EXECUTE fill(200001, 220000);
\echo A rare word, and a common one, as the service searches:
EXECUTE by_bytes('nowhere');
EXECUTE by_bytes('cartons on');
\timing off
CREATE INDEX trigrams ON trigram_tasks USING gin (user_id, title gin_trgm_ops) WITH (fastupdate = off);
VACUUM ANALYZE trigram_tasks;
\echo Sizes of the table and of the trigram index:
SELECT pg_size_pretty(pg_relation_size('trigram_tasks')), pg_size_pretty(pg_relation_size('trigrams'));
\timing on
\echo The same two by trigrams:
EXECUTE by_trigrams('nowhere');
EXECUTE by_trigrams('cartons on');
\echo 20,000 more tasks:
EXECUTE fill(220001, 240000);
\timing off
DROP TABLE trigram_tasks;
