//! Paths of a surface.

/// Whether `path` is `root`, or below it.
pub fn is_within(path: &str, root: &str) -> bool {
    let rest = path.strip_prefix(root);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn a_longer_name_is_not_below_a_shorter_one() {
        for within in ["/api/user", "/api/user/", "/api/user/a/b"] {
            assert!(is_within(within, "/api/user"), "{within}");
        }
        for without in ["/api", "/api/users", "/api/users/token/", "/v/api/user"] {
            assert!(!is_within(without, "/api/user"), "{without}");
        }
    }
}
