//! The bytes of a mail.

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};
use sha2::{Digest, Sha256};

use crate::directory::mail::Mail;

/// What a program sends by itself, so that no other answers it (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// What the server takes in addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    All,
    /// Without SMTPUTF8: an international domain is written as a server of the
    /// older protocol knows it (RFC 6531, section 3.2).
    Ascii,
}

/// The same mail has the same `Message-ID` whenever it is made. The problem is
/// a sentence, and lasting.
pub fn message(
    from: &Mailbox,
    mail: &Mail,
    letters: Letters,
    now: DateTime<Utc>,
) -> Result<Message, String> {
    let to = mail
        .recipient
        .parse()
        .map_err(|error| format!("its recipient is no address for mails: {error}"))?;
    let written = |mailbox: Mailbox| match letters {
        Letters::All => mailbox,
        Letters::Ascii => Mailbox::new(mailbox.name, in_ascii(mailbox.email)),
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
        .map_err(|error| format!("it cannot be written as a mail: {error}"))
}

/// The address with its domain in Punycode. One whose first part is beyond ASCII
/// has no such form, and stays as it is.
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
        String::from_utf8(message(&from, mail, Letters::All, now).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_says_where_it_comes_from_and_that_nobody_typed_it() {
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
    fn only_a_domain_has_a_form_in_ascii() {
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
    fn a_recipient_that_is_no_address_is_refused() {
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
                message(&from, &mail, Letters::Ascii, now).is_err(),
                "{recipient}"
            );
        }
    }
}
