-- For databases that stood at 0022 and got the table without it.

ALTER TABLE omie_sync.model_evidence ADD COLUMN IF NOT EXISTS versions TEXT;

COMMENT ON COLUMN omie_sync.model_evidence.versions IS 'which rows of the table still showed it';
