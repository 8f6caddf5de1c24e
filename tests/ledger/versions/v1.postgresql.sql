CREATE TABLE IF NOT EXISTS credit_check (
	decision TEXT NOT NULL, 
	case_id TEXT NOT NULL, 
	matter TEXT NOT NULL, 
	point TEXT NOT NULL, 
	department TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	decided_at BIGINT NOT NULL, 
	touched_by TEXT, 
	PRIMARY KEY (decision)
);
CREATE INDEX IF NOT EXISTS credit_check_day ON credit_check (decided_at);
CREATE INDEX IF NOT EXISTS credit_check_latest ON credit_check (case_id, point, decided_at);
CREATE TABLE IF NOT EXISTS credit_entry (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	case_id TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	key_id TEXT NOT NULL, 
	body BYTEA NOT NULL, 
	salt BYTEA NOT NULL, 
	digest TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE IF NOT EXISTS credit_ground (
	proposal TEXT NOT NULL, 
	source TEXT NOT NULL, 
	record_key TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	PRIMARY KEY (proposal, source, record_key)
);
CREATE INDEX IF NOT EXISTS credit_ground_record ON credit_ground (source, record_key);
CREATE TABLE IF NOT EXISTS credit_meta (
	key TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (key)
);
CREATE TABLE IF NOT EXISTS credit_outbox (
	ordinal BIGSERIAL NOT NULL, 
	key TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	case_id TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	next_at BIGINT, 
	lease TEXT, 
	lease_until BIGINT, 
	delivered_at BIGINT, 
	last_error TEXT, 
	PRIMARY KEY (ordinal), 
	UNIQUE (key)
);
CREATE INDEX IF NOT EXISTS credit_outbox_due ON credit_outbox (channel, state, next_at);
CREATE INDEX IF NOT EXISTS credit_outbox_order ON credit_outbox (case_id, channel, ordinal);
CREATE INDEX IF NOT EXISTS ix_credit_outbox_decision ON credit_outbox (decision);
CREATE TABLE IF NOT EXISTS credit_proposal (
	proposal TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	measure TEXT NOT NULL, 
	strength TEXT NOT NULL, 
	PRIMARY KEY (proposal)
);
CREATE INDEX IF NOT EXISTS ix_credit_proposal_decision ON credit_proposal (decision);
CREATE TABLE IF NOT EXISTS credit_response (
	id TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	proposal TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	amends TEXT, 
	feedback TEXT, 
	PRIMARY KEY (id)
);
CREATE INDEX IF NOT EXISTS ix_credit_response_decision ON credit_response (decision);
CREATE TABLE IF NOT EXISTS credit_subject (
	subject_key TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	PRIMARY KEY (subject_key, decision)
);
