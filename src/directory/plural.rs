//! Numbers with their nouns.

use std::fmt::Display;

/// `1 row was`, `2 rows were`.
pub fn pluralize<N: Display>(number: N, one: &str, many: &str) -> String {
    let number = number.to_string();
    let noun = if number == "1" { one } else { many };
    format!("{number} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_no_things() {
        let told = [0, 1, 2, 11].map(|number| pluralize(number, "row was", "rows were"));
        assert_eq!(
            told,
            ["0 rows were", "1 row was", "2 rows were", "11 rows were"]
        );
    }
}
