-- transaction: none
DROP INDEX CONCURRENTLY IF EXISTS threads_owner;
