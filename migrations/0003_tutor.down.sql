DROP TABLE reply_nodes;
DROP TABLE reply_chunks;
DROP TABLE messages;
DROP TABLE thread_materials;
DROP TABLE threads;
