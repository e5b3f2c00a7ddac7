-- Times are text, RFC 3339 in UTC with whole seconds and "+00:00": the order
-- of the bytes is the order in time, and answers show the column as it is.
-- AUTOINCREMENT everywhere: an id is never given twice, the audit log relies on it.
CREATE TABLE workspaces (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  title TEXT NOT NULL,
  code TEXT NOT NULL UNIQUE,
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
);

CREATE TABLE clusters (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  cluster_type TEXT NOT NULL,
  imported_type TEXT,
  title TEXT NOT NULL,
  workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
);
CREATE INDEX clusters_workspace ON clusters (workspace_id);

CREATE TABLE partners (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  title TEXT NOT NULL,
  short_title TEXT,
  alternate_title TEXT,
  partner_type TEXT NOT NULL DEFAULT 'Gov',
  cso_type TEXT,
  shared_partner TEXT NOT NULL DEFAULT 'No',
  external_source TEXT,
  external_id TEXT,
  ocha_external_id TEXT UNIQUE,
  email TEXT,
  phone_number TEXT,
  street_address TEXT,
  city TEXT,
  postal_code TEXT,
  country_code TEXT,
  total_ct_cp TEXT,
  total_ct_cy TEXT,
  vendor_number TEXT UNIQUE,
  alternate_id TEXT,
  rating TEXT,
  basis_for_risk_rating TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
);

CREATE TABLE partner_clusters (
  partner_id BIGINT NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
  cluster_id BIGINT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
  PRIMARY KEY (partner_id, cluster_id)
) WITHOUT ROWID;
CREATE INDEX partner_clusters_cluster ON partner_clusters (cluster_id);
