use crate::api::attribute::{CREATED, MODIFIED};
use crate::api::decode::{refuse, texts};
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, AttributeKind, Constraints, Deletable, OneTimeAttributes, Relationship,
    RelationshipIds, Resource, ResourceMeta, Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::directory::delegation::{SCOPE_MATCHES, VERBS, check_verbs};
use crate::directory::grant_rules::{
    CreateGrantRule, DeleteGrantRule, FindGrantRule, GrantRule, GrantRuleChanges, GrantRuleColumn,
    UpdateGrantRule,
};
use crate::directory::{self, FieldError};
use crate::jsonapi::write::AttributeValue;

pub struct GrantRules;

impl Resource for GrantRules {
    const TYPE: &'static str = "grant-rules";
    const DOC: &'static str =
        "Delegation as data: what holders of one role may do to grants of others, and where.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "granter",
            target: "roles",
            to_many: false,
            doc: "The role whose holders the rule applies to.",
            writability: Writability::Always,
        },
        Relationship {
            name: "targets",
            target: "roles",
            to_many: true,
            doc: "The roles whose grants they can give, remove, change or toggle.",
            writability: Writability::Always,
        },
    ];
    const FOREIGN_KEYS: &'static [(&'static str, GrantRuleColumn)] =
        &[("granter", GrantRuleColumn::Granter)];
    const REQUIRED_RELATIONSHIPS: &'static [&'static str] = &["granter"];
    type Entity = directory::grant_rules::GrantRules;
    type Find = FindGrantRule;
    type Draft = GrantRuleChanges;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &GrantRule) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindGrantRule {
        FindGrantRule {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &GrantRule) -> Revision<'_> {
        Revision {
            version: row.version,
            last_activity: None,
        }
    }

    fn meta(row: &GrantRule) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: None,
        })
    }
}

draft_is_changes!(GrantRuleChanges);

const ATTRIBUTES: &[Attribute<GrantRules>] = &[
    Attribute {
        name: "scope",
        doc: "How the scope of the granter's own grant must relate to that of the other grant.",
        constraints: Constraints::one_of(SCOPE_MATCHES).required(),
        ..attribute!(choice scope, Some(GrantRuleColumn::Scope), "", SCOPE_MATCHES)
    },
    Attribute {
        name: "verbs",
        doc: "What may be done: give, remove, change (to a role that may be given), toggle (switch on and off, set the time).",
        constraints: Constraints::some_of(VERBS).required(),
        kind: AttributeKind::Structure,
        get: Some(|rule| AttributeValue::Json(&rule.verbs)),
        column: None,
        set: Some(|changes, value| {
            changes.verbs = Some(check_verbs("verbs", &texts("verbs", value)?)?);
            Ok(())
        }),
    },
    attribute!(read_only time created, Some(GrantRuleColumn::Created), CREATED),
    attribute!(read_only time modified, Some(GrantRuleColumn::Modified), MODIFIED),
];

/// Moves the granter from the relationships to the draft.
fn granter(
    linked: &mut RelationshipIds,
    draft: &mut GrantRuleChanges,
    field_errors: &mut Vec<FieldError>,
) {
    if let Some(roles) = linked.take("granter") {
        draft.granter_role_id = roles.first().copied();
        if draft.granter_role_id.is_none() {
            field_errors.push(FieldError::invalid(
                "granter",
                "A rule needs a granter role.",
            ));
        }
    }
}

impl Deletable for GrantRules {
    type Delete = DeleteGrantRule;

    fn deletion(target: Target) -> DeleteGrantRule {
        DeleteGrantRule {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            ceiling: Default::default(),
        }
    }
}

impl Writable for GrantRules {
    type Create = CreateGrantRule;
    type Update = UpdateGrantRule;

    async fn creation(
        guard: &Guard,
        mut draft: GrantRuleChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<(CreateGrantRule, OneTimeAttributes), ApiError> {
        granter(&mut linked, &mut draft, &mut field_errors);
        let mut operation = CreateGrantRule {
            changes: draft,
            targets: linked.take("targets").unwrap_or_default(),
            ceiling: Default::default(),
        };
        guard.permits(&mut operation)?;
        let changes = &operation.changes;
        for (name, is_missing) in [
            ("scope", changes.scope.is_none()),
            ("verbs", changes.verbs.is_none()),
            ("granter", changes.granter_role_id.is_none()),
        ] {
            if is_missing {
                field_errors.push(FieldError::missing(name));
            }
        }
        refuse(field_errors)?;
        Ok((operation, OneTimeAttributes::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        mut draft: GrantRuleChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<UpdateGrantRule, ApiError> {
        granter(&mut linked, &mut draft, &mut field_errors);
        let mut operation = UpdateGrantRule {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
            targets: linked.take("targets"),
            ceiling: Default::default(),
        };
        guard.permits(&mut operation)?;
        refuse(field_errors)?;
        Ok(operation)
    }
}
