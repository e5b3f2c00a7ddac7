//! Text to value, with a sentence for each way in which that fails.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

pub fn number<T>(text: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{text}` is not a whole number"));
    }
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "{text} is outside {} to {}",
            range.start(),
            range.end()
        )),
    }
}

/// A number with a unit: `90s`, `30m`, `24h`, `7d`.
pub fn duration(text: &str, range: RangeInclusive<Duration>) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration, it should look like 90s, 30m, 24h or 7d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let count = text.strip_suffix(unit).unwrap_or_default();
    let count = number(count, 0..=u64::from(u32::MAX)).map_err(|_| wrong())?;
    let duration = Duration::from_secs(count * seconds);
    match range.contains(&duration) {
        true => Ok(duration),
        false => Err(format!(
            "{text} is outside {} to {} seconds",
            range.start().as_secs(),
            range.end().as_secs()
        )),
    }
}

pub fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("`{text}` is neither true nor false")),
    }
}

/// Items separated by commas; blanks around them and empty ones don't count.
pub fn list<T>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(item)
        .collect()
}

/// A name that people see: not empty, one line.
pub fn name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("must be one line of plain text".to_owned());
    }
    Ok(text.to_owned())
}

/// `HOST` or `HOST:PORT`; an IPv6 address in brackets, which are taken off.
pub fn host_and_port(place: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let port = match port {
        Some(port) => number(port, 1..=u16::MAX).ok()?,
        None => usual,
    };
    let inside = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let is_host = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_name),
    };
    is_host.then(|| (inside.unwrap_or(host).to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_digits_within_the_range() {
        assert_eq!(number("20", 1..=100), Ok(20_u32));
        for text in ["", "-1", "+1", "1.0", "1e3", "ten", "0x10"] {
            let expected = format!("`{text}` is not a whole number");
            assert_eq!(number(text, 1..=100_u32), Err(expected));
        }
        let expected = "99999999999999999999999 is outside 1 to 100".to_owned();
        assert_eq!(
            number("99999999999999999999999", 1..=100_u32),
            Err(expected)
        );
    }

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        let range = Duration::from_secs(1)..=Duration::from_secs(10 * 86_400);
        let seconds = |text| duration(text, range.clone()).map(|found| found.as_secs());
        for (text, expected) in [("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800)] {
            assert_eq!(seconds(text), Ok(expected));
        }
        for text in [
            "",
            "h",
            "24",
            "24 h",
            "1.5h",
            "-1h",
            "24H",
            "0s",
            "11d",
            "99999999999d",
            "1µ",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_list_forgives_blanks_and_a_trailing_comma() {
        let items = list(" a, b ,,c,", |item| Ok(item.to_owned()));
        assert_eq!(items.unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn a_switch_understands_the_usual_words() {
        assert_eq!(switch("On"), Ok(true));
        assert_eq!(switch("0"), Ok(false));
        assert_eq!(
            switch("maybe"),
            Err("`maybe` is neither true nor false".to_owned())
        );
    }

    #[test]
    fn a_name_is_one_line_of_text() {
        assert!(name("People & roles").is_ok());
        assert!(name("").is_err());
        assert!(name("two\nlines").is_err());
    }
}
