DROP TABLE vector_corpora;
DROP TRIGGER corpora_count_changes ON corpora;
DROP FUNCTION count_corpus_change();
ALTER TABLE corpora DROP COLUMN changes;
DROP TABLE passage_vectors;
