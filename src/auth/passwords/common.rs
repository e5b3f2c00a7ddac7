//! The most common passwords; `common.LICENSE` names the source of the list.

use std::cmp::Ordering;

/// One per line, in lower case, sorted by bytes.
const LIST: &str = include_str!("common.txt");

/// Whether a password, trimmed and in lower case, is in the list or repeats one
/// character.
pub fn contains(plain: &str) -> bool {
    let mut characters = plain.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return true;
    }
    is_listed(LIST.as_bytes(), plain.as_bytes())
}

/// Binary search over the lines.
fn is_listed(mut list: &[u8], wanted: &[u8]) -> bool {
    while !list.is_empty() {
        let (before, rest) = list.split_at(list.len() / 2);
        let start = before.iter().rposition(|byte| *byte == b'\n');
        let (before, rest_of_line) = before.split_at(start.map_or(0, |newline| newline + 1));
        let end = rest.iter().position(|byte| *byte == b'\n');
        let (end_of_line, after) = rest.split_at(end.unwrap_or(rest.len()));
        let line = rest_of_line.iter().chain(end_of_line);
        match line.cmp(wanted.iter()) {
            Ordering::Equal => return true,
            Ordering::Less => list = after.strip_prefix(b"\n").unwrap_or(after),
            Ordering::Greater => list = before,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.is_sorted());
        assert!(lines.len() > 10_000);
        for line in &lines {
            assert!(contains(line), "{line}");
            assert!(!contains(&format!("{line}\u{1}")), "{line}");
        }
    }

    #[test]
    fn a_short_list_is_searched_to_its_ends() {
        for list in ["", "b", "b\n", "b\nd\n", "b\nd", "b\ncc\nd\n"] {
            for wanted in ["", "a", "b", "c", "cc", "d", "e", "\n", "b\n"] {
                let expected = list.lines().any(|line| line == wanted);
                let found = is_listed(list.as_bytes(), wanted.as_bytes());
                assert_eq!(found, expected, "{wanted:?} in {list:?}");
            }
        }
    }

    #[test]
    fn repetitions_of_one_character_and_the_empty_password_are_common() {
        for plain in ["", "a", "ééééééééé", "((((((("] {
            assert!(contains(plain), "{plain}");
        }
    }
}
