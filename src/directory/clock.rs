//! Time as an argument: whoever needs it is handed a clock.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A moment in the form in which it is stored and shown: RFC 3339 in UTC, of the
/// program's own moments with whole seconds, `2016-12-13T12:08:02+00:00`.
pub fn text(moment: DateTime<Utc>) -> String {
    if !(0..=9999).contains(&moment.year()) {
        return moment.to_rfc3339_opts(SecondsFormat::Secs, false);
    }
    let mut out = String::with_capacity(25);
    let mut push = |number: u32, width: u32, end: &str| {
        for place in (0..width).rev() {
            let digit = number / 10_u32.pow(place) % 10;
            out.push(char::from_digit(digit, 10).unwrap_or('0'));
        }
        out.push_str(end);
    };
    push(moment.year().unsigned_abs(), 4, "-");
    push(moment.month(), 2, "-");
    push(moment.day(), 2, "T");
    push(moment.hour(), 2, ":");
    push(moment.minute(), 2, ":");
    push(moment.second(), 2, "+00:00");
    out
}

/// The same with microseconds, unless there are none. As text both forms are
/// in the order of time.
pub fn precise_text(moment: DateTime<Utc>) -> String {
    let seconds = text(moment);
    match moment.nanosecond() / 1000 {
        0 => seconds,
        micros => seconds.replace("+00:00", &format!(".{micros:06}+00:00")),
    }
}

/// Reads RFC 3339 with any offset; the years 1 to 9999 only, so that the order
/// of the stored text stays the order in time. Nothing is cut off: what is finer
/// than a microsecond is refused, and so is a leap second.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    let nanos = moment.nanosecond();
    let is_kept = nanos < 1_000_000_000 && nanos.is_multiple_of(1000);
    // What is beyond nanoseconds the parser drops itself.
    let decimals = text.split_once('.').map_or("", |(_, rest)| rest);
    let decimals = decimals.bytes().take_while(u8::is_ascii_digit);
    let is_fine = decimals.skip(6).any(|digit| digit != b'0');
    let is_near = (1..=9999).contains(&moment.year());
    (is_kept && !is_fine && is_near).then_some(moment)
}

/// What [`parse`] takes, for people.
pub const FORM: &str =
    "a time like 2016-12-13T12:08:02+00:00, of the years 1 to 9999, with at most 6 decimals";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_contract_shows_it() {
        let moment = parse("2016-12-13T13:08:02.75+01:00").unwrap();
        assert_eq!(text(moment), "2016-12-13T12:08:02+00:00");
        assert_eq!(
            text(moment),
            moment.to_rfc3339_opts(SecondsFormat::Secs, false)
        );
    }

    #[test]
    fn a_precise_moment_has_six_decimals_or_none_and_keeps_its_order() {
        let precise = |text: &str| precise_text(parse(text).unwrap());
        let whole = precise("2024-06-04T22:25:58Z");
        let early = precise("2024-06-04T22:25:58.000001Z");
        let late = precise("2024-06-04T22:25:58.747427000Z");
        let next = precise("2024-06-04T22:25:59Z");
        assert_eq!(whole, "2024-06-04T22:25:58+00:00");
        assert_eq!(late, "2024-06-04T22:25:58.747427+00:00");
        assert!(whole < early && early < late && late < next);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for wrong in [
            "",
            "2016-12-13",
            "2016-12-13T12:08:02",
            "yesterday",
            "+12016-12-13T12:08:02Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2016-12-31T23:59:60Z",
            "2016-12-13T12:08:02.1234567Z",
            "2016-12-13T12:08:02.0000000000001Z",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
