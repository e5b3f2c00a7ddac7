//! "Did you mean": the known name nearest to what was typed.

/// The candidate that a few changed letters turn the text into, or nothing.
pub fn closest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (text.chars().count() / 4).clamp(1, 4);
    candidates
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, delete, replace, or exchange with their neighbours; neither
/// case nor the kind of dash counts.
fn distance(left: &str, right: &str) -> usize {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    strsim::osa_distance(&plain(left), &plain(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_changed_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("nmae", "name"), 1);
        assert_eq!(distance("full-Name", "full_name"), 0);
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        let names = ["server.listen", "server.workers"];
        assert_eq!(
            closest("server.lisen", names.into_iter()),
            Some("server.listen")
        );
        assert_eq!(closest("cookies", names.into_iter()), None);
    }
}
