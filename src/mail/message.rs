//! Builds the message of a mail (RFC 5322).

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};
use sha2::{Digest, Sha256};

use crate::directory::mail::Mail;

/// Marks automatic mails, so that auto-responders do not reply (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// The encoding of addresses that a server supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressEncoding {
    Utf8,
    /// Without SMTPUTF8: international domains are written in Punycode (RFC 6531,
    /// section 3.2).
    Ascii,
}

/// Builds a message; the same mail always has the same `Message-ID`.
///
/// # Errors
/// A sentence about a problem that retries cannot solve.
pub fn build(
    from: &Mailbox,
    mail: &Mail,
    encoding: AddressEncoding,
    now: DateTime<Utc>,
) -> Result<Message, String> {
    let to = mail
        .recipient
        .parse()
        .map_err(|error| format!("its recipient is not an e-mail address: {error}"))?;
    let written = |mailbox: Mailbox| match encoding {
        AddressEncoding::Utf8 => mailbox,
        AddressEncoding::Ascii => Mailbox::new(mailbox.name, in_ascii(mailbox.email)),
    };
    let text = SinglePart::builder()
        .header(ContentType::TEXT_PLAIN)
        .body(mail.body.clone());
    Message::builder()
        .from(written(from.clone()))
        .to(written(Mailbox::new(None, to)))
        .subject(one_line(&mail.subject))
        .date(now.into())
        .message_id(Some(message_id(from, mail)))
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".into()))
        .singlepart(text)
        .map_err(|error| format!("it cannot be encoded as a mail: {error}"))
}

/// The address with its domain in Punycode. If the local part is not ASCII, there is
/// no such form and the address is unchanged.
fn in_ascii(address: Address) -> Address {
    let (user, domain) = (address.user(), address.domain());
    if !user.is_ascii() || domain.is_ascii() {
        return address;
    }
    let domain = idna::domain_to_ascii(domain).ok();
    let written = domain.and_then(|domain| Address::new(user, domain).ok());
    written.unwrap_or(address)
}

fn message_id(from: &Mailbox, mail: &Mail) -> String {
    let mut hash = Sha256::new();
    for part in [&mail.event_key, &mail.created, &mail.recipient] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    let name: String = hash
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let from = in_ascii(from.email.clone());
    format!("<{name}.{}@{}>", mail.id, from.domain())
}

fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str) -> Mail {
        Mail {
            id: 3,
            created: "2026-01-02T03:04:05+00:00".into(),
            event_key: "created:7".into(),
            recipient: "calvin@example.org".into(),
            subject: subject.into(),
            body: "Grüße\n.\nBye\n".into(),
            attempts: 1,
        }
    }

    fn written(mail: &Mail) -> String {
        let from = "People <people@example.org>".parse().unwrap();
        let now = crate::directory::clock::parse("2026-01-02T03:04:06Z").unwrap();
        String::from_utf8(
            build(&from, mail, AddressEncoding::Utf8, now)
                .unwrap()
                .formatted(),
        )
        .unwrap()
    }

    #[test]
    fn a_mail_names_its_sender_and_is_marked_as_automatic() {
        let text = written(&mail("Hello"));
        for line in [
            "From: People <people@example.org>",
            "To: calvin@example.org",
            "Subject: Hello",
            "Date: Fri, 02 Jan 2026 03:04:06 +0000",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        assert!(text.is_ascii());
        assert!(text.contains(".3@example.org>"), "{text}");
        assert_eq!(text, written(&mail("Hello")));
    }

    #[test]
    fn a_subject_cannot_add_a_header() {
        let text = written(&mail("Hello\r\nBcc: spy@example.org\r\n\r\nbody"));
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "{text}");
    }

    #[test]
    fn only_the_domain_is_converted_to_ascii() {
        for (address, wanted) in [
            ("e@münchen.de", "e@xn--mnchen-3ya.de"),
            ("E.x+y@MÜNCHEN.de", "E.x+y@xn--mnchen-3ya.de"),
            ("e@post.हिन्दी.भारत", "e@post.xn--j2bd4cyah0f.xn--h2brj9c"),
            ("e@bücher.example", "e@xn--bcher-kva.example"),
            ("jörg@münchen.de", "jörg@münchen.de"),
            ("jörg@example.org", "jörg@example.org"),
            ("e@EXAMPLE.org", "e@EXAMPLE.org"),
        ] {
            assert_eq!(in_ascii(address.parse().unwrap()).to_string(), wanted);
        }
    }

    #[test]
    fn a_recipient_that_is_not_an_address_is_rejected() {
        let from: Mailbox = "people@example.org".parse().unwrap();
        let now = crate::directory::clock::parse("2026-01-02T03:04:06Z").unwrap();
        for recipient in [
            "calvin",
            "a,b@example.org",
            "a@b\r\nRCPT TO:<c@d>",
            "<a@b>",
            "a@b>c",
        ] {
            let mail = Mail {
                recipient: recipient.into(),
                ..mail("x")
            };
            assert!(
                build(&from, &mail, AddressEncoding::Ascii, now).is_err(),
                "{recipient}"
            );
        }
    }
}
