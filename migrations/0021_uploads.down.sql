-- What was not whole yet has to be brought anew.
DROP TABLE uploads;
