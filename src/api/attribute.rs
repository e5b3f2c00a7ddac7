//! The common kinds of attributes, so that a resource's table contains only
//! names, columns and descriptions.

/// Gives the changes of a row that a draft contains.
pub trait AsChanges {
    type Changes;
    fn changes(&mut self) -> &mut Self::Changes;
}

/// For resources whose draft consists of the changes alone.
macro_rules! draft_is_changes {
    ($changes:ident) => {
        impl crate::api::attribute::AsChanges for $changes {
            type Changes = Self;

            fn changes(&mut self) -> &mut Self {
                self
            }
        }
    };
}

pub const CREATED: &str = "When it was made.";
pub const MODIFIED: &str = "When it was last changed.";
pub const CREATED_BY: &str = "The id of the user who made it; null for the program itself.";
pub const MODIFIED_BY: &str =
    "The id of the user who changed it last; null for the program itself.";

/// One attribute of a resource's table. `name` is also the field of the row and
/// of its changes; `column` is an `Option`.
///
/// Writable: `text` (with a function that validates it), `nullable_text` (with a
/// maximum length in characters), `nullable` (with a validating function), `choice`,
/// `nullable_choice`, `flag`, `nullable_time`, `nullable_amount` (a decimal number).
/// Prefixed with `read_only`: not writable.
macro_rules! attribute {
    (read_only $name:ident $column:expr, $doc:expr, $kind:ident, $constraints:expr, $get:expr) => {
        crate::api::resource::Attribute {
            name: stringify!($name),
            doc: $doc,
            constraints: $constraints,
            kind: crate::api::resource::AttributeKind::$kind,
            get: Some($get),
            column: $column,
            set: None,
        }
    };
    (read_only text $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_only $name $column, $doc, Text, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::AttributeValue::Text(&row.$name))
    };
    (read_only nullable_text $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_only $name $column, $doc, Text, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::AttributeValue::nullable(&row.$name))
    };
    (read_only time $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_only $name $column, $doc, Time, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::AttributeValue::Text(&row.$name))
    };
    (read_only nullable_time $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_only $name $column, $doc, Time, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::AttributeValue::nullable(&row.$name))
    };
    (read_only flag $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_only $name $column, $doc, Flag, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::AttributeValue::Flag(row.$name))
    };
    (read_only nullable_number $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_only $name $column, $doc, Number, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::AttributeValue::nullable_number(row.$name))
    };
    (read_write $name:ident $column:expr, $doc:expr, $kind:ident, $constraints:expr, $get:expr, $value:expr) => {
        crate::api::resource::Attribute {
            name: stringify!($name),
            doc: $doc,
            constraints: $constraints,
            kind: crate::api::resource::AttributeKind::$kind,
            get: Some($get),
            column: $column,
            set: Some(|draft, value| {
                let read = $value;
                crate::api::attribute::AsChanges::changes(draft).$name = Some(read(value)?);
                Ok(())
            }),
        }
    };
    (text $name:ident, $column:expr, $doc:expr, $constraints:expr, $check:expr) => {
        attribute!(read_write $name $column, $doc, Text, $constraints,
            |row| crate::jsonapi::write::AttributeValue::Text(&row.$name),
            |value: &serde_json::Value| crate::api::decode::text(stringify!($name), value).and_then($check))
    };
    (nullable_text $name:ident, $column:expr, $doc:expr, $most:expr) => {
        attribute!(read_write $name $column, $doc, Text,
            crate::api::resource::Constraints::text(0, $most).or_null(),
            |row| crate::jsonapi::write::AttributeValue::nullable(&row.$name),
            |value: &serde_json::Value| crate::api::decode::nullable_text(stringify!($name), value, $most))
    };
    (nullable $name:ident, $column:expr, $doc:expr, $constraints:expr, $check:expr) => {
        attribute!(read_write $name $column, $doc, Text, $constraints.or_null(),
            |row| crate::jsonapi::write::AttributeValue::nullable(&row.$name),
            |value: &serde_json::Value| crate::api::decode::nullable(stringify!($name), value, $check))
    };
    (choice $name:ident, $column:expr, $doc:expr, $choices:expr) => {
        attribute!(text $name, $column, $doc, crate::api::resource::Constraints::one_of($choices),
            |text| crate::directory::values::choice(stringify!($name), text, $choices))
    };
    (nullable_choice $name:ident, $column:expr, $doc:expr, $choices:expr) => {
        attribute!(nullable $name, $column, $doc, crate::api::resource::Constraints::one_of($choices),
            |text| crate::directory::values::choice(stringify!($name), text, $choices))
    };
    (nullable_amount $name:ident, $doc:expr) => {
        attribute!(read_write $name None, $doc, Amount, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::AttributeValue::nullable(&row.$name),
            |value: &serde_json::Value| crate::api::decode::nullable_amount(stringify!($name), value))
    };
    (flag $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_write $name $column, $doc, Flag, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::AttributeValue::Flag(row.$name),
            |value: &serde_json::Value| crate::api::decode::flag(stringify!($name), value))
    };
    (nullable_time $name:ident, $column:expr, $doc:expr) => {
        attribute!(read_write $name $column, $doc, Time, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::AttributeValue::nullable(&row.$name),
            |value: &serde_json::Value| crate::api::decode::nullable_time(stringify!($name), value))
    };
}
