-- transaction: none
-- Whom a chat belongs to: the deletion of an account looks for it, and threads_list holds no temporary chats.
CREATE INDEX CONCURRENTLY IF NOT EXISTS threads_owner ON threads (owner_id);
