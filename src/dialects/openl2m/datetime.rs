//! Parses datetimes as Django REST framework does.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

pub const WRONG_FORMAT: &str = "Datetime has wrong format. Use one of these formats instead: \
     YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
pub const OUT_OF_RANGE: &str = "Datetime value out of range.";

/// Parses ISO 8601 as Python does: a date, or a date and a time, with optional seconds
/// and offset (UTC by default).
///
/// # Errors
/// The message for the caller.
pub fn read(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let datetime = parse(text).ok_or(WRONG_FORMAT)?.with_timezone(&Utc);
    if (1..=9999).contains(&datetime.year()) {
        Ok(datetime)
    } else {
        Err(OUT_OF_RANGE)
    }
}

fn parse(text: &str) -> Option<DateTime<FixedOffset>> {
    let (date, rest) = text.split_at_checked("YYYY-MM-DD".len())?;
    let date = date_of(date)?;
    if rest.is_empty() {
        return at(NaiveDateTime::new(date, NaiveTime::MIN), 0);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, offset) = match rest.find(['Z', 'z', '+', '-']) {
        None => (rest, 0),
        Some(place) => {
            let (time, zone) = rest.split_at_checked(place)?;
            (time, offset_of(zone)?)
        }
    };
    at(NaiveDateTime::new(date, time_of(time)?), offset)
}

fn at(local: NaiveDateTime, offset: i32) -> Option<DateTime<FixedOffset>> {
    FixedOffset::east_opt(offset)?
        .from_local_datetime(&local)
        .single()
}

/// A number of exactly this many digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| fits)
}

fn date_of(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4).filter(|year| *year > 0)?;
    let (month, day) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
        .filter(|_| parts.next().is_none())
}

fn time_of(text: &str) -> Option<NaiveTime> {
    let (clock, fraction) = match text.split_once(['.', ',']) {
        None => (text, 0),
        Some((clock, digits)) => (clock, micros(digits)?),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = match parts.next() {
        Some(second) => number(second, 2)?,
        None if clock.len() == text.len() => 0,
        None => return None,
    };
    // Python rejects second 60.
    NaiveTime::from_hms_micro_opt(hour, minute, second, fraction).filter(|_| parts.next().is_none())
}

/// Microseconds from the first six digits.
fn micros(digits: &str) -> Option<u32> {
    let fits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let six: String = digits.chars().chain("000000".chars()).take(6).collect();
    number(&six, 6).filter(|_| fits)
}

/// Seconds east of UTC.
fn offset_of(zone: &str) -> Option<i32> {
    if zone.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (number(hours, 2)?, number(minutes, 2)?),
        None if digits.len() == 2 => (number(digits, 2)?, 0),
        None => {
            let (hours, minutes) = digits.split_at_checked(2)?;
            (number(hours, 2)?, number(minutes, 2)?)
        }
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    (minutes < 60 && hours < 24).then_some(sign * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::clock;

    #[test]
    fn moments_come_in_several_forms() {
        for (text, stored) in [
            (
                "2024-06-04T22:25:58.747427Z",
                "2024-06-04T22:25:58.747427+00:00",
            ),
            (
                "2024-06-04T22:25:58.5+02:00",
                "2024-06-04T20:25:58.500000+00:00",
            ),
            (
                "2024-06-04 22:25:58,1234567-0130",
                "2024-06-04T23:55:58.123456+00:00",
            ),
            ("2024-06-04T22:25", "2024-06-04T22:25:00+00:00"),
            ("2024-06-04T22:25+01", "2024-06-04T21:25:00+00:00"),
            ("2024-06-04", "2024-06-04T00:00:00+00:00"),
        ] {
            assert_eq!(
                read(text).map(clock::precise_text).as_deref(),
                Ok(stored),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_moment_is_told_apart_from_what_is_too_far() {
        for bad in [
            "",
            "yesterday",
            "2024-06-31",
            "2024-6-4",
            "2024-06-04T",
            "2024-06-04T25:00",
            "2024-06-04T10:00:60",
            "2024-06-04T10:00.5",
            "2024-06-04T10:00:00.",
            "0000-01-01",
            "2024-06-04T10:00:00+24:00",
            "2024-06-04T10:00:00+1:00",
            "٢٠٢٤-06-04",
            "+024-06-04",
            "2024-06-04T10:00:00Zulu",
            "2024-06-04T1o:00",
        ] {
            assert_eq!(read(bad), Err(WRONG_FORMAT), "{bad}");
        }
        assert_eq!(read("0001-01-01T00:00:00+01:00"), Err(OUT_OF_RANGE));
        assert_eq!(read("9999-12-31T23:59:59-01:00"), Err(OUT_OF_RANGE));
    }
}
