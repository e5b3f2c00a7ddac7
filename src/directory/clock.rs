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

/// A moment in the form in which it is stored and shown: RFC 3339 in UTC with
/// whole seconds, `2016-12-13T12:08:02+00:00`.
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

/// Reads RFC 3339 with any offset; the years 0 to 9999 only, so that the order
/// of the stored text stays the order in time.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (0..=9999).contains(&moment.year()).then_some(moment)
}

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
        let late = precise("2024-06-04T22:25:58.7474279Z");
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
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
