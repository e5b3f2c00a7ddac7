use super::*;

const NOW: DateTime<Utc> = DateTime::<Utc>::UNIX_EPOCH;
const MOST: usize = 1000;

fn after(seconds: i64) -> DateTime<Utc> {
    NOW + TimeDelta::seconds(seconds)
}

fn counts(entries: usize, details: usize) -> EventCounts {
    EventCounts::new(&config::Audit {
        window_seconds: 60,
        window_entries: entries,
        window_details: details,
        ..config::Audit::default()
    })
}

fn failure(name: &str, address: &str, at: DateTime<Utc>) -> Occurrence {
    Occurrence {
        verb: AccessVerb::SignInFailed,
        actor: None,
        detail: Detail::Username(name.to_owned()),
        source: Source {
            address: address.parse().ok(),
            credential: Some(Credential::Password),
        },
        at,
        request_id: RequestId(7),
    }
}

fn sum(events: &[AccessEvent]) -> u64 {
    events.iter().map(|event| event.count).sum()
}

#[test]
fn the_first_is_reported_at_once_and_the_others_when_the_window_closes() {
    let mut counts = counts(10, 10);
    assert!(counts.add(failure("john", "192.0.2.1", NOW)));
    let first = counts.due(NOW, false, MOST);
    assert_eq!(sum(&first), 1);
    assert_eq!(first[0].username.as_deref(), Some("john"));
    assert_eq!(first[0].source_address.as_deref(), Some("192.0.2.1"));
    for second in 1..=9 {
        assert!(!counts.add(failure("john", "192.0.2.1", after(second))));
    }
    assert_eq!(counts.due(after(59), false, MOST), []);
    let rest = counts.due(after(60), false, MOST);
    assert_eq!((rest.len(), sum(&rest)), (1, 9));
    assert_eq!(rest[0].at, clock::text(after(1)));
    assert_eq!(rest[0].details["until"], clock::text(after(9)));
    // Nothing happened in the next window: the entry is dropped.
    assert_eq!(counts.due(after(120), false, MOST), []);
    assert!(counts.entries.is_empty() && counts.groups.is_empty());
    assert!(counts.add(failure("john", "192.0.2.1", after(121))));
}

#[test]
fn made_up_names_of_one_address_are_counted_together() {
    let mut counts = counts(1000, 20);
    for number in 0..10_000 {
        counts.add(failure(&number.to_string(), "192.0.2.1", NOW));
    }
    // Another address is still reported separately.
    counts.add(failure("john", "192.0.2.2", NOW));
    let at_once = counts.due(NOW, false, MOST);
    assert_eq!(at_once.len(), 20 + 1 + 1);
    let rest = counts.due(after(60), false, MOST);
    assert_eq!(
        rest.len(),
        0,
        "reported at once, for nobody had asked before"
    );
    assert_eq!(sum(&at_once), 10_001);
    assert!(
        at_once
            .iter()
            .any(|event| event.details.contains_key("several"))
    );
}

#[test]
fn hosts_of_one_ipv6_network_are_one_source() {
    let mut counts = counts(1000, 5);
    for host in 0..100 {
        let address = format!("2001:db8:0:1::{host:x}");
        counts.add(failure("john", &address, NOW));
    }
    let reported = counts.due(NOW, false, MOST);
    assert_eq!((reported.len(), sum(&reported)), (6, 100));
    let together = reported.iter().find(|event| event.count > 1).unwrap();
    assert_eq!(
        together.source_address.as_deref(),
        Some("2001:db8:0:1::/64")
    );
}

#[test]
fn memory_is_bounded_and_every_occurrence_is_in_a_count() {
    let mut counts = counts(50, 5);
    let mut reported = 0;
    for number in 0_u32..100_000 {
        let address = IpAddr::from((number / 3).to_be_bytes());
        let name = (number % 100).to_string();
        counts.add(failure(
            &name,
            &address.to_string(),
            after(i64::from(number / 100)),
        ));
        assert!(counts.entries.len() <= 2 * 50 + 1);
        if number % 1000 == 0 {
            reported += sum(&counts.due(after(i64::from(number / 100)), false, 7));
        }
    }
    loop {
        let due = counts.due(after(1000), true, 7);
        if due.is_empty() {
            break;
        }
        reported += sum(&due);
    }
    assert_eq!(reported, 100_000);
    assert!(counts.entries.values().all(|entry| entry.pending == 0));
}

#[test]
fn a_clock_that_is_set_back_loses_nothing() {
    let mut counts = counts(10, 10);
    counts.add(failure("john", "192.0.2.1", after(10_000)));
    assert_eq!(sum(&counts.due(after(10_000), false, MOST)), 1);
    counts.add(failure("john", "192.0.2.1", NOW));
    assert_eq!(sum(&counts.due(NOW, false, MOST)), 1);
}
