DROP TABLE audit_head;
DROP TABLE audit_entries;
DROP FUNCTION refuse_audit_change();
