//! The usual kinds of attributes, so that a table says no more than names,
//! columns and what people shall read.

/// What a request's attributes are gathered into holds the changes of a row.
pub trait Gather {
    type Changes;
    fn changes(&mut self) -> &mut Self::Changes;
}

/// For changes that are the whole draft.
macro_rules! gathers_itself {
    ($changes:ident) => {
        impl crate::api::attribute::Gather for $changes {
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

/// One line of a table of attributes. `name` is the field of the row and of
/// its changes as well; `column` an `Option`.
///
/// Written by whoever may: `text` (with the check that makes its value),
/// `maybe_text` (of at most so many characters), `choice` and `maybe_choice`,
/// `flag`, `maybe_time`, `maybe_amount` (a decimal number). Behind `shown`: read-only.
macro_rules! attribute {
    (shown $name:ident $column:expr, $doc:expr, $kind:ident, $constraints:expr, $show:expr) => {
        crate::api::resource::Attribute {
            name: stringify!($name),
            doc: $doc,
            constraints: $constraints,
            kind: crate::api::resource::Kind::$kind,
            show: Some($show),
            column: $column,
            read: None,
        }
    };
    (shown text $name:ident, $column:expr, $doc:expr) => {
        attribute!(shown $name $column, $doc, Text, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::Shown::Text(&row.$name))
    };
    (shown maybe_text $name:ident, $column:expr, $doc:expr) => {
        attribute!(shown $name $column, $doc, Text, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::Shown::maybe(&row.$name))
    };
    (shown time $name:ident, $column:expr, $doc:expr) => {
        attribute!(shown $name $column, $doc, Time, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::Shown::Text(&row.$name))
    };
    (shown maybe_time $name:ident, $column:expr, $doc:expr) => {
        attribute!(shown $name $column, $doc, Time, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::Shown::maybe(&row.$name))
    };
    (shown flag $name:ident, $column:expr, $doc:expr) => {
        attribute!(shown $name $column, $doc, Flag, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::Shown::Flag(row.$name))
    };
    (shown maybe_number $name:ident, $column:expr, $doc:expr) => {
        attribute!(shown $name $column, $doc, Number, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::Shown::maybe_number(row.$name))
    };
    (written $name:ident $column:expr, $doc:expr, $kind:ident, $constraints:expr, $show:expr, $value:expr) => {
        crate::api::resource::Attribute {
            name: stringify!($name),
            doc: $doc,
            constraints: $constraints,
            kind: crate::api::resource::Kind::$kind,
            show: Some($show),
            column: $column,
            read: Some(|draft, value| {
                let read = $value;
                crate::api::attribute::Gather::changes(draft).$name = Some(read(value)?);
                Ok(())
            }),
        }
    };
    (text $name:ident, $column:expr, $doc:expr, $constraints:expr, $check:expr) => {
        attribute!(written $name $column, $doc, Text, $constraints,
            |row| crate::jsonapi::write::Shown::Text(&row.$name),
            |value: &serde_json::Value| crate::api::decode::text(stringify!($name), value).and_then($check))
    };
    (maybe_text $name:ident, $column:expr, $doc:expr, $most:expr) => {
        attribute!(written $name $column, $doc, Text,
            crate::api::resource::Constraints::text(0, $most).or_null(),
            |row| crate::jsonapi::write::Shown::maybe(&row.$name),
            |value: &serde_json::Value| crate::api::decode::maybe_text(stringify!($name), value, $most))
    };
    (maybe $name:ident, $column:expr, $doc:expr, $constraints:expr, $check:expr) => {
        attribute!(written $name $column, $doc, Text, $constraints.or_null(),
            |row| crate::jsonapi::write::Shown::maybe(&row.$name),
            |value: &serde_json::Value| crate::api::decode::maybe(stringify!($name), value, $check))
    };
    (choice $name:ident, $column:expr, $doc:expr, $choices:expr) => {
        attribute!(text $name, $column, $doc, crate::api::resource::Constraints::one_of($choices),
            |text| crate::directory::values::choice(stringify!($name), text, $choices))
    };
    (maybe_choice $name:ident, $column:expr, $doc:expr, $choices:expr) => {
        attribute!(maybe $name, $column, $doc, crate::api::resource::Constraints::one_of($choices),
            |text| crate::directory::values::choice(stringify!($name), text, $choices))
    };
    (maybe_amount $name:ident, $doc:expr) => {
        attribute!(written $name None, $doc, Amount, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::Shown::maybe(&row.$name),
            |value: &serde_json::Value| crate::api::decode::maybe_amount(stringify!($name), value))
    };
    (flag $name:ident, $column:expr, $doc:expr) => {
        attribute!(written $name $column, $doc, Flag, crate::api::resource::Constraints::PLAIN,
            |row| crate::jsonapi::write::Shown::Flag(row.$name),
            |value: &serde_json::Value| crate::api::decode::flag(stringify!($name), value))
    };
    (maybe_time $name:ident, $column:expr, $doc:expr) => {
        attribute!(written $name $column, $doc, Time, crate::api::resource::Constraints::PLAIN.or_null(),
            |row| crate::jsonapi::write::Shown::maybe(&row.$name),
            |value: &serde_json::Value| crate::api::decode::maybe_time(stringify!($name), value))
    };
}
