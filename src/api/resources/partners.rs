use crate::api::attribute::{CREATED, MODIFIED};
use crate::api::decode::refuse_all;
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, Constraints, Deletable, OneTimeAttributes, Relationship, RelationshipIds, Resource,
    ResourceMeta, Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::directory::name_conflicts::{FindNameConflicts, UniqueNames};
use crate::directory::partners::{
    COUNTRIES, CSO_TYPES, CreatePartner, DeletePartner, EXTERNAL_SOURCES, FindPartner, MAX_CITY,
    MAX_EXTERNAL_ID, MAX_OCHA_EXTERNAL_ID, MAX_PHONE, MAX_POSTAL_CODE, MAX_RATING, MAX_SHORT_TITLE,
    MAX_STREET, MAX_VENDOR_NUMBER, PARTNER_TYPES, Partner, PartnerChanges, PartnerColumn,
    SHARED_PARTNER, UpdatePartner, country,
};
use crate::directory::{self, FieldError, values};

pub struct Partners;

impl Resource for Partners {
    const TYPE: &'static str = "partners";
    const DOC: &'static str = "The organizations that users belong to, and that work in clusters.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "clusters",
            target: "clusters",
            to_many: true,
            doc: "The clusters that the partner works in.",
            writability: Writability::Always,
        },
        Relationship {
            name: "users",
            target: "users",
            to_many: true,
            doc: "The users who belong to the partner; each user names it.",
            writability: Writability::Never,
        },
    ];
    type Entity = directory::partners::Partners;
    type Find = FindPartner;
    type Draft = PartnerChanges;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &Partner) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindPartner {
        FindPartner {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &Partner) -> Revision<'_> {
        Revision {
            version: row.version,
            last_activity: None,
        }
    }

    fn meta(row: &Partner) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: None,
        })
    }
}

draft_is_changes!(PartnerChanges);

const ATTRIBUTES: &[Attribute<Partners>] = &[
    attribute!(
        text title,
        Some(PartnerColumn::Title),
        "What the partner is called.",
        Constraints::text(1, values::MAX_TEXT).required(),
        |text| values::filled("title", text, values::MAX_TEXT)
    ),
    attribute!(
        nullable_text short_title,
        Some(PartnerColumn::ShortTitle),
        "A shorter title, like an acronym.",
        MAX_SHORT_TITLE
    ),
    attribute!(
        nullable_text alternate_title,
        Some(PartnerColumn::AlternateTitle),
        "Another title, like that in another language.",
        values::MAX_TEXT
    ),
    attribute!(
        choice partner_type,
        Some(PartnerColumn::PartnerType),
        "B/M: bilateral or multilateral, CSO: civil society organization, Gov: government, UNA: UN agency.",
        PARTNER_TYPES
    ),
    attribute!(
        nullable_choice cso_type,
        Some(PartnerColumn::CsoType),
        "Of a civil society organization. Int: international, Nat: national, CBO: community based, AI: academic, RC: Red Cross or Red Crescent.",
        CSO_TYPES
    ),
    attribute!(
        choice shared_partner,
        Some(PartnerColumn::SharedPartner),
        "Shared with UNDP (UND), with UNFPA (UNF), with both (U&U) or not (No).",
        SHARED_PARTNER
    ),
    attribute!(
        nullable_choice external_source,
        Some(PartnerColumn::ExternalSource),
        "The system that external_id is from.",
        EXTERNAL_SOURCES
    ),
    attribute!(
        nullable_text external_id,
        Some(PartnerColumn::ExternalId),
        "The id in another system.",
        MAX_EXTERNAL_ID
    ),
    attribute!(
        nullable ocha_external_id,
        Some(PartnerColumn::OchaExternalId),
        "The id at OCHA. Unique.",
        Constraints::text(1, MAX_OCHA_EXTERNAL_ID),
        |text| values::filled("ocha_external_id", text, MAX_OCHA_EXTERNAL_ID)
    ),
    attribute!(
        nullable email,
        Some(PartnerColumn::Email),
        "An e-mail address.",
        Constraints::text(1, values::MAX_TEXT),
        |text| values::email_within(text, values::MAX_TEXT)
    ),
    attribute!(
        nullable_text phone_number,
        Some(PartnerColumn::PhoneNumber),
        "A telephone number.",
        MAX_PHONE
    ),
    attribute!(
        nullable_text street_address,
        Some(PartnerColumn::StreetAddress),
        "Street and number.",
        MAX_STREET
    ),
    attribute!(nullable_text city, Some(PartnerColumn::City), "The city.", MAX_CITY),
    attribute!(
        nullable_text postal_code,
        Some(PartnerColumn::PostalCode),
        "The postal code.",
        MAX_POSTAL_CODE
    ),
    attribute!(
        nullable country_code,
        Some(PartnerColumn::CountryCode),
        "The country by its code of ISO 3166-1 alpha-2.",
        Constraints::one_of(COUNTRIES),
        country
    ),
    attribute!(nullable_amount total_ct_cp, "The total of cash transfers in the country programme."),
    attribute!(nullable_amount total_ct_cy, "The total of cash transfers in the current year."),
    attribute!(
        nullable vendor_number,
        Some(PartnerColumn::VendorNumber),
        "The number as a vendor. Unique.",
        Constraints::text(1, MAX_VENDOR_NUMBER),
        |text| values::filled("vendor_number", text, MAX_VENDOR_NUMBER)
    ),
    attribute!(
        nullable_text alternate_id,
        Some(PartnerColumn::AlternateId),
        "Another id.",
        values::MAX_TEXT
    ),
    attribute!(
        nullable_text rating,
        Some(PartnerColumn::Rating),
        "How the risk of working with the partner is rated.",
        MAX_RATING
    ),
    attribute!(
        nullable_text basis_for_risk_rating,
        Some(PartnerColumn::BasisForRiskRating),
        "What the rating is based on.",
        MAX_RATING
    ),
    attribute!(read_only time created, Some(PartnerColumn::Created), CREATED),
    attribute!(read_only time modified, Some(PartnerColumn::Modified), MODIFIED),
];

impl Deletable for Partners {
    type Delete = DeletePartner;

    fn deletion(target: Target) -> DeletePartner {
        DeletePartner {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
        }
    }
}

impl Writable for Partners {
    type Create = CreatePartner;
    type Update = UpdatePartner;

    async fn creation(
        guard: &Guard,
        draft: PartnerChanges,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<(CreatePartner, OneTimeAttributes), ApiError> {
        let mut operation = CreatePartner {
            changes: draft,
            clusters: linked.take("clusters"),
        };
        guard.permits(&mut operation)?;
        field_errors.extend(CreatePartner::missing(&operation.changes));
        let claims = || {
            FindNameConflicts::new(
                UniqueNames::Partner(Box::new(operation.changes.clone())),
                None,
            )
        };
        refuse_all(guard, field_errors, claims).await?;
        Ok((operation, OneTimeAttributes::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        draft: PartnerChanges,
        field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<UpdatePartner, ApiError> {
        let mut operation = UpdatePartner {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
            clusters: linked.take("clusters"),
        };
        guard.permits(&mut operation)?;
        let claims = || {
            FindNameConflicts::new(
                UniqueNames::Partner(Box::new(operation.changes.clone())),
                Some(target.id),
            )
        };
        refuse_all(guard, field_errors, claims).await?;
        Ok(operation)
    }
}
