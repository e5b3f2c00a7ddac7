//! Counts, closures, indexes and references, compared with the tables that
//! they are about. The statements are the same on both databases.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use super::super::prelude::*;
use super::super::roles::rebuild_closure;
use super::{check_names, check_role_names, env, statement};
use crate::directory::bulk::{Check, Finding, Part};
use crate::directory::plural::pluralize;

/// The most single things that a finding names.
const NAMED: usize = 5;

#[derive(QueryableByName)]
struct Wrong {
    #[diesel(sql_type = Text)]
    which: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Table, column, the table that it refers to, and what becomes of a row whose
/// other end is not there: it goes, or forgets it.
const REFERENCES: &[(&str, &str, &str, bool)] = &[
    ("clusters", "workspace_id", "workspaces", true),
    ("partner_clusters", "partner_id", "partners", true),
    ("partner_clusters", "cluster_id", "clusters", true),
    ("partner_blocks", "partner_id", "partners", true),
    ("partner_spans", "partner_id", "partners", true),
    ("users", "partner_id", "partners", false),
    ("role_includes", "role_id", "roles", true),
    ("role_includes", "part_id", "roles", true),
    ("role_closure", "role_id", "roles", true),
    ("role_closure", "part_id", "roles", true),
    ("role_counts", "role_id", "roles", true),
    ("grants", "user_id", "users", true),
    ("grants", "role_id", "roles", true),
    ("grants", "workspace_id", "workspaces", true),
    ("grants", "cluster_id", "clusters", true),
    ("grant_rules", "granter_role_id", "roles", true),
    ("grant_rule_targets", "rule_id", "grant_rules", true),
    ("grant_rule_targets", "role_id", "roles", true),
    ("tokens", "user_id", "users", true),
    ("token_addresses", "token_id", "tokens", true),
    ("tokens", "sign_in_id", "sign_ins", true),
    ("sign_ins", "user_id", "users", true),
    ("refresh_tokens", "sign_in_id", "sign_ins", true),
];

const COUNTED_USERS: &str = "SELECT id / 1024 AS block, count(*) AS living FROM users \
    WHERE deleted_at IS NULL GROUP BY id / 1024";
const SUMMED_BLOCKS: &str = "SELECT block / 64 AS span, CAST(sum(living) AS BIGINT) AS living \
    FROM user_blocks GROUP BY block / 64";
const COUNTED_OF_PARTNERS: &str = "SELECT partner_id, id / 1024 AS block, count(*) AS living \
    FROM users WHERE deleted_at IS NULL AND partner_id IS NOT NULL \
    GROUP BY partner_id, id / 1024";
const SUMMED_OF_PARTNERS: &str = "SELECT partner_id, block / 64 AS span, \
    CAST(sum(living) AS BIGINT) AS living FROM partner_blocks GROUP BY partner_id, block / 64";

const COUNTED_GRANTS: &str = "SELECT role_id, user_id % 16 AS slot, count(*) AS granted, \
    CAST(sum(always) AS BIGINT) AS held, CAST(sum(always * rest) AS BIGINT) AS id_sum, \
    CAST(sum(always * (rest * rest % 2147483647)) AS BIGINT) AS id_squares \
    FROM (SELECT role_id, user_id, id % 2147483647 AS rest, \
      CASE WHEN workspace_id IS NULL AND cluster_id IS NULL AND is_active \
        AND valid_from IS NULL AND valid_until IS NULL THEN 1 ELSE 0 END AS always \
      FROM grants) AS facts GROUP BY role_id, user_id % 16";

impl Run for Check {
    type Answer = Vec<Finding>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Vec<Finding>, DirectoryError> {
        let findings = match self.part {
            Part::ForeignKeys => references(self.repair, connection).await?,
            Part::UniqueGrants => grants(self.repair, connection).await?,
            Part::UserBlocks => counts(&USERS, self.repair, connection).await?,
            Part::PartnerBlocks => counts(&PARTNERS_USERS, self.repair, connection).await?,
            Part::RoleCounts => role_counts(self.repair, connection).await?,
            Part::RoleClosure => role_closure(self.repair, connection).await?,
            Part::SearchIndex => super::check_search::search(self.repair, connection).await?,
            Part::Names => check_names::names(self.repair, connection).await?,
            Part::RoleNames => check_role_names::role_names(self.repair, connection).await?,
        };
        if self.repair && !findings.is_empty() {
            // What is remembered of callers may rest on what was wrong.
            statement(
                "UPDATE credential_versions SET version = version + 1",
                connection,
            )
            .await?;
            tell(self.part, &findings, context, connection).await?;
        }
        Ok(findings)
    }
}

async fn tell(
    part: Part,
    findings: &[Finding],
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let mut after = serde_json::Map::new();
    let said: Vec<&str> = findings
        .iter()
        .map(|finding| finding.what.as_str())
        .collect();
    after.insert(part.name().into(), said.into());
    let audit_entry = super::AuditEntry {
        verb: "repair",
        subject_type: "directory",
        subject_id: 0,
        before: None,
        after: Some(after),
    };
    super::append_audit(context, connection, audit_entry).await
}

async fn wrong(query: &str, connection: &mut Conn) -> Result<Vec<Wrong>, DirectoryError> {
    Ok(diesel::sql_query(query).load(connection).await?)
}

async fn number(query: &str, connection: &mut Conn) -> Result<i64, DirectoryError> {
    let rows = wrong(query, connection).await?;
    Ok(rows.iter().map(|wrong| wrong.number).sum())
}

async fn references(repair: bool, connection: &mut Conn) -> Result<Vec<Finding>, DirectoryError> {
    let mut findings = Vec::new();
    for (table, column, other, goes) in REFERENCES {
        let dangling = format!(
            "{column} IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM {other} AS other WHERE other.id = {table}.{column})"
        );
        let query = format!("SELECT '' AS which, count(*) AS number FROM {table} WHERE {dangling}");
        let number = number(&query, connection).await?;
        if number == 0 {
            continue;
        }
        findings.push(Finding {
            what: format!(
                "{} a {column} that is not in {other}",
                pluralize(
                    number,
                    &format!("row of {table} has"),
                    &format!("rows of {table} have")
                )
            ),
            remedy: if *goes { "removed" } else { "emptied" },
        });
        if repair {
            let remedy = if *goes {
                format!("DELETE FROM {table} WHERE {dangling}")
            } else {
                format!("UPDATE {table} SET {column} = NULL WHERE {dangling}")
            };
            statement(&remedy, connection).await?;
        }
    }
    Ok(findings)
}

/// Of several grants of one role to one user in one place the oldest stays.
async fn grants(repair: bool, connection: &mut Conn) -> Result<Vec<Finding>, DirectoryError> {
    let same = "user_id, role_id, coalesce(workspace_id, 0), coalesce(cluster_id, 0)";
    let query = format!(
        "SELECT '' AS which, CAST(coalesce(sum(held - 1), 0) AS BIGINT) AS number FROM \
         (SELECT count(*) AS held FROM grants GROUP BY {same} HAVING count(*) > 1) AS twice"
    );
    let number = number(&query, connection).await?;
    let mut findings = Vec::new();
    if number > 0 {
        findings.push(Finding {
            what: pluralize(
                number,
                "grant repeats an older one",
                "grants repeat an older one",
            ),
            remedy: "removed, the oldest stays",
        });
        if repair {
            let remedy = format!(
                "DELETE FROM grants WHERE id NOT IN (SELECT min(id) FROM grants GROUP BY {same})"
            );
            statement(&remedy, connection).await?;
        }
    }
    if !env::has_index("grants_once", connection).await? {
        findings.push(Finding {
            what: "nothing keeps a grant from being given twice".into(),
            remedy: "the unique index is made again",
        });
        if repair {
            let index = format!("CREATE UNIQUE INDEX grants_once ON grants ({same})");
            statement(&index, connection).await?;
        }
    }
    Ok(findings)
}

/// Blocks that say another number than there is, and blocks that are missing.
/// One that says none where there is none is as good as no block.
fn differing(kept: &str, counted: &str, keys: &[&str], numbers: &[&str]) -> String {
    let same = |left: &str, right: &str| {
        let each = keys
            .iter()
            .map(|key| format!("{left}.{key} = {right}.{key}"));
        each.collect::<Vec<_>>().join(" AND ")
    };
    let which = |of: &str| {
        let each = keys.iter().map(|key| format!("CAST({of}.{key} AS TEXT)"));
        each.collect::<Vec<_>>().join(" || '/' || ")
    };
    let wrong = numbers
        .iter()
        .map(|number| format!("kept.{number} <> coalesce(counted.{number}, 0)"));
    let wrong = wrong.collect::<Vec<_>>().join(" OR ");
    format!(
        "WITH counted AS ({counted}) \
         SELECT {} AS which, CAST(0 AS BIGINT) AS number FROM {kept} AS kept \
           LEFT JOIN counted ON {} WHERE {wrong} \
         UNION ALL SELECT {} AS which, CAST(0 AS BIGINT) AS number FROM counted \
           WHERE NOT EXISTS (SELECT 1 FROM {kept} AS kept WHERE {})",
        which("kept"),
        same("counted", "kept"),
        which("counted"),
        same("kept", "counted"),
    )
}

/// `runs`: blocks or spans.
fn runs_finding(wrong: &[Wrong], runs: &str) -> Option<Finding> {
    if wrong.is_empty() {
        return None;
    }
    let named: Vec<&str> = wrong
        .iter()
        .take(NAMED)
        .map(|wrong| wrong.which.as_str())
        .collect();
    let more = if wrong.len() > NAMED { ", ..." } else { "" };
    let run = runs.replacen("s of ", " of ", 1);
    Some(Finding {
        what: format!(
            "{} a wrong number: {}{more}",
            pluralize(wrong.len(), &format!("{run} says"), &format!("{runs} say")),
            named.join(", ")
        ),
        remedy: "counted anew",
    })
}

/// A table of blocks and the table of their spans, each with what it should hold.
struct Counted {
    /// The partner whose users they count.
    of: &'static str,
    blocks: (&'static str, &'static str),
    spans: (&'static str, &'static str),
    /// What comes before the number of the block or span in the key.
    key: Option<&'static str>,
}

async fn counts(
    counted: &Counted,
    repair: bool,
    connection: &mut Conn,
) -> Result<Vec<Finding>, DirectoryError> {
    let mut findings = Vec::new();
    for (run, (kept, right)) in [("block", counted.blocks), ("span", counted.spans)] {
        let keys: Vec<&str> = counted.key.into_iter().chain([run]).collect();
        let wrong = wrong(&differing(kept, right, &keys, &["living"]), connection).await?;
        findings.extend(runs_finding(&wrong, &format!("{run}s of {}", counted.of)));
    }
    if repair && !findings.is_empty() {
        env::lock_table("users", connection).await?;
        let ((blocks, right), (spans, _)) = (counted.blocks, counted.spans);
        statement(&format!("DELETE FROM {blocks}"), connection).await?;
        statement(&format!("DELETE FROM {spans}"), connection).await?;
        let columns: Vec<&str> = counted.key.into_iter().chain(["block", "living"]).collect();
        let count = format!("INSERT INTO {blocks} ({}) {right}", columns.join(", "));
        // Triggers sum the spans up.
        statement(&count, connection).await?;
    }
    Ok(findings)
}

const USERS: Counted = Counted {
    of: "users",
    blocks: ("user_blocks", COUNTED_USERS),
    spans: ("user_spans", SUMMED_BLOCKS),
    key: None,
};

const PARTNERS_USERS: Counted = Counted {
    of: "partners' users",
    blocks: ("partner_blocks", COUNTED_OF_PARTNERS),
    spans: ("partner_spans", SUMMED_OF_PARTNERS),
    key: Some("partner_id"),
};

const ROLE_COUNTS: &str = "granted, held, id_sum, id_squares";

async fn role_counts(repair: bool, connection: &mut Conn) -> Result<Vec<Finding>, DirectoryError> {
    let numbers: Vec<&str> = ROLE_COUNTS.split(", ").collect();
    let differing = differing(
        "role_counts",
        COUNTED_GRANTS,
        &["role_id", "slot"],
        &numbers,
    );
    let wrong = wrong(&differing, connection).await?;
    let finding = runs_finding(&wrong, "counts of roles");
    if repair && finding.is_some() {
        env::lock_table("grants", connection).await?;
        statement("DELETE FROM role_counts", connection).await?;
        let count =
            format!("INSERT INTO role_counts (role_id, slot, {ROLE_COUNTS}) {COUNTED_GRANTS}");
        statement(&count, connection).await?;
    }
    Ok(finding.into_iter().collect())
}

async fn role_closure(repair: bool, connection: &mut Conn) -> Result<Vec<Finding>, DirectoryError> {
    let reached = "WITH RECURSIVE reached (role_id, part_id) AS ( \
           SELECT id, id FROM roles \
           UNION SELECT reached.role_id, i.part_id FROM reached \
             JOIN role_includes AS i ON i.role_id = reached.part_id)";
    let query = format!(
        "{reached} SELECT '' AS which, \
           (SELECT count(*) FROM reached WHERE NOT EXISTS (SELECT 1 FROM role_closure AS c \
              WHERE c.role_id = reached.role_id AND c.part_id = reached.part_id)) + \
           (SELECT count(*) FROM role_closure AS c WHERE NOT EXISTS (SELECT 1 FROM reached \
              WHERE c.role_id = reached.role_id AND c.part_id = reached.part_id)) AS number"
    );
    let number = number(&query, connection).await?;
    if number == 0 {
        return Ok(Vec::new());
    }
    if repair {
        let own = "INSERT INTO role_closure (role_id, part_id) SELECT id, id FROM roles \
            WHERE NOT EXISTS (SELECT 1 FROM role_closure AS c \
              WHERE c.role_id = roles.id AND c.part_id = roles.id)";
        statement(own, connection).await?;
        rebuild_closure(connection).await?;
    }
    Ok(vec![Finding {
        what: pluralize(
            number,
            "pair of roles within roles is missing or too many",
            "pairs of roles within roles are missing or too many",
        ),
        remedy: "settled anew",
    }])
}
