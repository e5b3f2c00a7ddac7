//! Conditions and orders of lists, made from a table of columns.

/// Defines for one noun, from `Variant: kind column` lines, the functions
/// `condition` (a boxed SQL condition) and `ordered` (a sorted query).
/// Kinds: `text`, `flag`, `number`, and with `maybe_` before it what can be null;
/// the order of nulls is the same on both databases.
macro_rules! columns {
    ($table:ident, $column:ident { $($variant:ident: $kind:ident $name:ident,)* }) => {
        fn condition(condition: &Condition<$column>) -> Boxed<$table::table> {
            match condition {
                Condition::All(parts) => parts.iter().map(self::condition).fold(
                    Box::new(diesel::dsl::sql::<Truth>("TRUE")),
                    |all, part| Box::new(all.and(part)),
                ),
                Condition::Any(parts) => parts.iter().map(self::condition).fold(
                    Box::new(diesel::dsl::sql::<Truth>("FALSE")),
                    |any, part| Box::new(any.or(part)),
                ),
                Condition::Test { column, comparison, operands } => match column {
                    $($column::$variant => test!($kind $table::$name, *comparison, operands),)*
                },
            }
        }

        type Truth = diesel::sql_types::Nullable<diesel::sql_types::Bool>;

        macro_rules! ordered {
            ($query:expr, $keys:expr) => {{
                let mut query = $query;
                let keys: &[crate::directory::listing::SortBy<$column>] = $keys;
                for key in keys {
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
    (text $column:expr, $comparison:expr, $operands:expr) => {
        test!(@compare $column, $comparison, $operands, Text, String)
    };
    (maybe_text $column:expr, $comparison:expr, $operands:expr) => {
        test!(@compare $column, $comparison, $operands, Text, String)
    };
    (maybe_number $column:expr, $comparison:expr, $operands:expr) => {
        test!(@compare $column, $comparison, $operands, Number, i64)
    };
    (number $column:expr, $comparison:expr, $operands:expr) => {
        test!(@compare $column, $comparison, $operands, Number, i64)
    };
    (flag $column:expr, $comparison:expr, $operands:expr) => {
        test!(@compare $column, $comparison, $operands, Flag, bool)
    };
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
        }
    }};
}
