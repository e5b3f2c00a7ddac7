//! Conditions and orders of lists, made from a table of columns.

use super::prelude::*;
use crate::directory::listing::Pattern;
use crate::directory::search::{SEARCHED_ANYWHERE, lasting_pieces};

/// Defines for one noun, from `Variant: kind column` lines, the functions
/// `condition` (a boxed SQL condition) and `ordered` (a sorted query).
/// Kinds: `text`, `flag`, `number`, and with `maybe_` before it what can be null;
/// the order of nulls is the same on both databases.
macro_rules! columns {
    ($table:ident, $column:ident { $($variant:ident: $kind:ident $name:ident,)* }) => {
        fn condition(condition: &Condition<$column>, context: &Context) -> Boxed<$table::table> {
            let part = |part| self::condition(part, context);
            match condition {
                Condition::All(parts) => parts.iter().map(part).fold(
                    Box::new(fragment::<NullableBool>("TRUE")),
                    |all, part| Box::new(all.and(part)),
                ),
                Condition::Any(parts) => parts.iter().map(part).fold(
                    Box::new(fragment::<NullableBool>("FALSE")),
                    |any, part| Box::new(any.or(part)),
                ),
                Condition::Test { column, comparison, operands } => match column {
                    $($column::$variant => test!($kind $table $name, *comparison, operands),)*
                },
                Condition::Ids(ids) => {
                    Box::new(super::env::id_in($table::id, ids.clone()).nullable())
                }
                Condition::Custom(wanted) => own(wanted, context),
                Condition::Beyond { column, value, id, descending } => match column {
                    $($column::$variant =>
                        beyond!($kind $table $name, value, *id, *descending),)*
                },
            }
        }

        /// With ids in the place of patterns. Whoever does not see all rows has
        /// patterns tried `among` those that they see, and on no other.
        async fn resolve_patterns(
            condition: &Option<Condition<$column>>,
            among: Option<&dyn Fn() -> $table::BoxedQuery<'static, Db>>,
            connection: &mut Conn,
        ) -> Result<Option<Condition<$column>>, DirectoryError> {
            let mut condition = condition.clone();
            let tests = condition.iter_mut().flat_map(Condition::patterns);
            for test in tests {
                let Condition::Test { column, operands, .. } = test else { continue };
                let Some(Operand::Pattern(pattern)) = operands.as_slice().first() else { continue };
                let ids = match (column, among) {
                    $(
                        ($column::$variant, None) =>
                            fitting!($kind $table $name, pattern, connection),
                        ($column::$variant, Some(among)) =>
                            fitting_among!($kind $table $name, pattern, among, connection),
                    )*
                };
                *test = Condition::Ids(ids);
            }
            Ok(condition)
        }

        type NullableBool = diesel::sql_types::Nullable<diesel::sql_types::Bool>;

        macro_rules! ordered {
            ($query:expr, $keys:expr) => {{
                let mut query = $query;
                let keys: Vec<crate::directory::listing::SortBy<$column>> = $keys;
                for key in &keys {
                    query = match (key.column, key.descending) {
                        $(
                            ($column::$variant, false) =>
                                query.then_order_by(order!($kind ascending $table::$name)),
                            ($column::$variant, true) =>
                                query.then_order_by(order!($kind descending $table::$name)),
                        )*
                    };
                }
                // Ties are broken in the direction of the last key, so that
                // one index serves the whole order.
                if keys.last().is_some_and(|key| key.descending) {
                    query.then_order_by($table::id.desc())
                } else {
                    query.then_order_by($table::id.asc())
                }
            }};
        }
    };
}

/// Only what can be null needs its nulls put in order: plain orders fit every index.
macro_rules! order {
    (maybe_text $direction:ident $column:expr) => {
        super::env::$direction($column)
    };
    (maybe_number $direction:ident $column:expr) => {
        super::env::$direction($column)
    };
    ($kind:ident ascending $column:expr) => {
        $column.asc()
    };
    ($kind:ident descending $column:expr) => {
        $column.desc()
    };
}

/// One column against its operands. Not equal is also what has no value.
macro_rules! test {
    (text $table:ident $name:ident, $comparison:expr, $operands:expr) => {
        test!(@text $table $name, $comparison, $operands)
    };
    (maybe_text $table:ident $name:ident, $comparison:expr, $operands:expr) => {
        test!(@text $table $name, $comparison, $operands)
    };
    (maybe_number $table:ident $name:ident, $comparison:expr, $operands:expr) => {
        test!(@compare $table::$name, $comparison, $operands, Number, i64)
    };
    (number $table:ident $name:ident, $comparison:expr, $operands:expr) => {
        test!(@compare $table::$name, $comparison, $operands, Number, i64)
    };
    (flag $table:ident $name:ident, $comparison:expr, $operands:expr) => {
        test!(@compare $table::$name, $comparison, $operands, Flag, bool)
    };
    (@text $table:ident $name:ident, $comparison:expr, $operands:expr) => {{
        const COLUMN: &str = concat!(stringify!($table), ".", stringify!($name));
        let text = match $operands.as_slice() {
            [Operand::Text(text)] => text.as_str(),
            _ => "",
        };
        match $comparison {
            Comparison::Prefix => {
                let begin = $table::$name.nullable().ge(Some(text.to_owned()));
                match crate::directory::listing::end_of_prefix(text) {
                    Some(end) => Box::new(begin.and($table::$name.nullable().lt(Some(end)))),
                    None => Box::new(begin),
                }
            }
            Comparison::Suffix if !text.is_empty() => Box::new(super::env::ends_with(COLUMN, text)),
            Comparison::Suffix | Comparison::Contains => {
                Box::new(super::env::contains(COLUMN, text))
            }
            other => test!(@compare $table::$name, other, $operands, Text, String),
        }
    }};
    (@compare $column:expr, $comparison:expr, $operands:expr, $kind:ident, $rust:ty) => {{
        let column = $column.nullable();
        let values: Vec<$rust> = $operands
            .iter()
            .filter_map(|operand| match operand {
                Operand::$kind(value) => Some(value.clone()),
                _ => None,
            })
            .collect();
        let first = || values.as_slice().first().cloned();
        match $comparison {
            Comparison::Null if $operands.contains(&Operand::Flag(true)) => {
                Box::new(column.is_null().nullable())
            }
            Comparison::Null => Box::new(column.is_not_null().nullable()),
            Comparison::Equal if values.len() == 1 => Box::new(column.eq(first())),
            Comparison::Equal => Box::new(column.eq_any(values)),
            Comparison::NotEqual => {
                Box::new(column.is_null().nullable().or(column.ne_all(values)))
            }
            Comparison::Less => Box::new(column.lt(first())),
            Comparison::LessOrEqual => Box::new(column.le(first())),
            Comparison::Greater => Box::new(column.gt(first())),
            Comparison::GreaterOrEqual => Box::new(column.ge(first())),
            // Texts only, and patterns have been settled.
            Comparison::Prefix
            | Comparison::Suffix
            | Comparison::Contains
            | Comparison::Matches => Box::new(fragment::<NullableBool>("FALSE")),
        }
    }};
}

/// Value and id compared as one: one range of an index of both.
macro_rules! beyond {
    (text $table:ident $name:ident, $($rest:tt)*) => {
        beyond!(@range $table $name, Text, $($rest)*)
    };
    (maybe_text $table:ident $name:ident, $($rest:tt)*) => {
        beyond!(@range $table $name, Text, $($rest)*)
    };
    (number $table:ident $name:ident, $($rest:tt)*) => {
        beyond!(@range $table $name, Number, $($rest)*)
    };
    (maybe_number $table:ident $name:ident, $($rest:tt)*) => {
        beyond!(@range $table $name, Number, $($rest)*)
    };
    (flag $table:ident $name:ident, $($rest:tt)*) => {
        beyond!(@range $table $name, Flag, $($rest)*)
    };
    (@bind Text, $range:expr, $value:expr) => { $range.text($value) };
    (@bind Number, $range:expr, $value:expr) => { $range.number($value) };
    (@bind Flag, $range:expr, $value:expr) => { $range.flag($value) };
    (@range $table:ident $name:ident, $kind:ident,
        $value:expr, $id:expr, $descending:expr) => {{
        let row = concat!(
            "(", stringify!($table), ".", stringify!($name), ", ", stringify!($table), ".id)"
        );
        let sign = if $descending { "<" } else { ">" };
        match $value {
            Operand::$kind(value) => {
                let range = fragment::<NullableBool>(format!("{row} {sign} ("));
                let range = beyond!(@bind $kind, range, value.clone());
                Box::new(range.sql(", ").number($id).sql(")"))
            }
            // Of another kind than the column: nothing compares.
            _ => Box::new(fragment::<NullableBool>("FALSE")),
        }
    }};
}

/// Rows that are tried on a pattern at a time.
pub const BATCH: i64 = 10_000;

/// Users whose ids are worth to be gathered.
pub const FEW: i64 = 20_000;

/// The ids of those whom the search finds, where they are few. Some may be deleted.
pub async fn found_if_few(
    pieces: &[String],
    connection: &mut Conn,
) -> Result<Option<Vec<i64>>, DirectoryError> {
    let ids = super::env::search_ids(pieces, FEW + 1, connection).await?;
    Ok(if_few(ids))
}

/// Of one more than [`FEW`], which were asked for, nothing is kept.
pub fn if_few(ids: Vec<i64>) -> Option<Vec<i64>> {
    let few = i64::try_from(ids.len()).is_ok_and(|found| found <= FEW);
    few.then_some(ids)
}

/// The users that hold what each text holds that fits, where that is of more
/// help than how such texts begin, and where they are not too many.
pub async fn holding_its_literal(
    pattern: &Pattern,
    connection: &mut Conn,
) -> Result<Option<Vec<i64>>, DirectoryError> {
    let letters = |text: &str| text.chars().count();
    let mut pieces = lasting_pieces(pattern.literal());
    pieces.retain(|piece| letters(piece) >= SEARCHED_ANYWHERE);
    let longest = pieces.iter().map(|piece| letters(piece)).max();
    if longest.is_none_or(|longest| longest <= letters(pattern.prefix())) {
        return Ok(None);
    }
    found_if_few(&pieces, connection).await
}

/// The ids of those of the rows whose text fits.
pub fn fitting_of(pattern: &Pattern, rows: &[(i64, Option<String>)]) -> impl Iterator<Item = i64> {
    let fits = |text: &Option<String>| text.as_ref().is_some_and(|text| pattern.fits(text));
    let fitting = rows.iter().filter(move |(_, text)| fits(text));
    fitting.map(|(id, _)| *id)
}

/// The ids of all rows whose text fits a pattern, tried in batches, so that
/// the memory does not grow with the table.
macro_rules! fitting {
    (text $($rest:tt)*) => { fitting!(@text $($rest)*) };
    (maybe_text $($rest:tt)*) => { fitting!(@text $($rest)*) };
    (@text users username, $($rest:tt)*) => { fitting!(@searched username, $($rest)*) };
    (@text users name, $($rest:tt)*) => { fitting!(@searched name, $($rest)*) };
    (@text users surname, $($rest:tt)*) => { fitting!(@searched surname, $($rest)*) };
    (@text users full_name, $($rest:tt)*) => { fitting!(@searched full_name, $($rest)*) };
    (@text users email, $($rest:tt)*) => { fitting!(@searched email, $($rest)*) };
    (@text $($rest:tt)*) => { fitting!(@all $($rest)*) };
    // What is in the index of the search.
    (@searched $name:ident, $pattern:expr, $connection:expr) => {
        match super::columns::holding_its_literal($pattern, $connection).await? {
            None => fitting!(@all users $name, $pattern, $connection),
            Some(likely) => {
                let mut ids = Vec::new();
                for some in likely.chunks(usize::try_from(super::columns::BATCH).unwrap_or(1)) {
                    let rows = users::table
                        .filter(super::env::id_in(users::id, some.to_vec()))
                        .select((users::id, users::$name.nullable()));
                    let rows: Vec<(i64, Option<String>)> = rows.load($connection).await?;
                    ids.extend(super::columns::fitting_of($pattern, &rows));
                }
                ids
            }
        }
    };
    (@all $table:ident $name:ident, $pattern:expr, $connection:expr) => {{
        use crate::directory::listing::end_of_prefix;
        use super::columns::BATCH;
        let prefix = $pattern.prefix().to_owned();
        let mut ids: Vec<i64> = Vec::new();
        let mut last: Option<(i64, Option<String>)> = None;
        loop {
            let rows = $table::table
                .limit(BATCH)
                .select(($table::id, $table::$name.nullable()))
                .into_boxed::<Db>();
            // Along the index that the prefix is a range of, where there is a
            // prefix; one that only few rows have must not be looked for in all.
            let rows = if prefix.is_empty() {
                let after = last.as_ref().map_or(0, |(id, _)| *id);
                rows.filter($table::id.gt(after)).order($table::id.asc())
            } else {
                let mut rows = rows
                    .filter($table::$name.nullable().ge(Some(prefix.clone())))
                    .order(($table::$name.asc(), $table::id.asc()));
                if let Some(end) = end_of_prefix(&prefix) {
                    rows = rows.filter($table::$name.nullable().lt(Some(end)));
                }
                if let Some((id, Some(text))) = &last {
                    let row = concat!(
                        "(", stringify!($table), ".", stringify!($name), ", ",
                        stringify!($table), ".id) > ("
                    );
                    let beyond = fragment::<diesel::sql_types::Nullable<diesel::sql_types::Bool>>(row);
                    let beyond = beyond.text(text.clone()).sql(", ").number(*id).sql(")");
                    rows = rows.filter(beyond);
                }
                rows
            };
            let mut rows: Vec<(i64, Option<String>)> = rows.load($connection).await?;
            ids.extend(super::columns::fitting_of($pattern, &rows));
            if i64::try_from(rows.len()) != Ok(BATCH) {
                break ids;
            }
            last = rows.pop();
        }
    }};
    ($kind:ident $table:ident $name:ident, $pattern:expr, $connection:expr) => {
        Vec::new()
    };
}

/// The ids of those of some rows whose text fits a pattern: `$among` makes the
/// query of them. The cost is that of these rows, whatever others there are.
macro_rules! fitting_among {
    (text $($rest:tt)*) => { fitting_among!(@text $($rest)*) };
    (maybe_text $($rest:tt)*) => { fitting_among!(@text $($rest)*) };
    (@text $table:ident $name:ident, $pattern:expr, $among:expr, $connection:expr) => {{
        use super::columns::BATCH;
        let mut ids: Vec<i64> = Vec::new();
        let mut after = 0;
        loop {
            let rows = $among()
                .select(($table::id, $table::$name.nullable()))
                .filter($table::id.gt(after))
                .order($table::id.asc())
                .limit(BATCH);
            let rows: Vec<(i64, Option<String>)> = rows.load($connection).await?;
            ids.extend(super::columns::fitting_of($pattern, &rows));
            match rows.last() {
                Some((last, _)) if i64::try_from(rows.len()) == Ok(BATCH) => after = *last,
                _ => break ids,
            }
        }
    }};
    ($kind:ident $table:ident $name:ident, $pattern:expr, $among:expr, $connection:expr) => {{
        let _ = $among;
        Vec::new()
    }};
}

/// For nouns without conditions of their own.
macro_rules! no_own {
    ($table:ident) => {
        fn own(
            _: &crate::directory::listing::CustomCondition,
            _: &Context,
        ) -> Boxed<$table::table> {
            Box::new(fragment::<NullableBool>("FALSE"))
        }
    };
}

/// The rows of a page of `$matching`, in the order of the list.
macro_rules! page {
    ($list:expr, $matching:expr, $row:ty, $context:expr, $connection:expr) => {{
        // All rows are best read in their order, wherever the page begins; some
        // of them perhaps by another index.
        let planned = match $list.is_everything() {
            true => PlanMode::Generic,
            false => PlanMode::Custom,
        };
        let mut rows: Vec<$row> = Vec::new();
        for piece in $list.pieces(super::env::COMPARES_ROWS) {
            let left = $list.left(&rows);
            if left == 0 && !rows.is_empty() {
                break;
            }
            let query = match piece {
                Some(piece) => $matching.filter(condition(&piece, $context)),
                None => $matching,
            };
            let page = ordered!(query, $list.reading_order()).select(<$row>::as_select());
            let page = super::env::limited(page, planned, left, $list.slice.offset);
            let read: Vec<$row> = page.load($connection).await?;
            rows.extend(read);
        }
        $list.in_order(rows)
    }};
}

/// How many rows match, when that was asked; `$rows` are those of the page.
macro_rules! total {
    ($list:expr, $rows:expr, $matching:expr, $connection:expr) => {
        total!(
            $list,
            $rows,
            $matching.count().get_result($connection).await?
        )
    };
    // Where they are counted in another way.
    ($list:expr, $rows:expr, $counted:expr) => {
        match ($list.count, $list.total_by(&$rows)) {
            (Count::None, _) => None,
            (_, Some(total)) => Some(total),
            (_, None) => Some($counted),
        }
    };
}
