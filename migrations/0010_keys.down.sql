DROP TABLE known_devices;
DROP TABLE notice_choices;
DROP TABLE bouncing_addresses;
DROP TABLE mail_queue;
DROP TABLE address_changes;
DROP TABLE api_keys;
