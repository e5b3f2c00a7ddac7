//! The meaning of a server's result codes (RFC 4511, section 4.1.9, and
//! appendix A). docs/guides/ldap.md has the same table for readers.

use ldap3::LdapResult;

use super::Trouble;

pub const SUCCESS: u32 = 0;
pub const SIZE_LIMIT: u32 = 4;
pub const NO_SUCH_OBJECT: u32 = 32;
pub const INVALID_CREDENTIALS: u32 = 49;

const TIME_LIMIT: u32 = 3;
const CONSTRAINT_VIOLATION: u32 = 19;
const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
const INSUFFICIENT_ACCESS: u32 = 50;
const BUSY: u32 = 51;
const UNAVAILABLE: u32 = 52;
const UNWILLING: u32 = 53;
const OTHER: u32 = 80;

/// Whether the server cannot answer now, and may answer the same later.
fn is_outage(code: u32) -> bool {
    matches!(code, TIME_LIMIT | BUSY | UNAVAILABLE | OTHER)
}

/// Whether the bind of a user ended in a word about that user: the password is
/// wrong, or they may not come in, whatever the password is. Everything else is
/// about the server, or about how it is asked.
pub fn is_of_user(code: u32) -> bool {
    matches!(
        code,
        INVALID_CREDENTIALS
            // Locked after wrong passwords (389 Directory Server).
            | CONSTRAINT_VIOLATION
            // The entry is gone since it was found.
            | NO_SUCH_OBJECT
            // The entry has no password.
            | INAPPROPRIATE_AUTHENTICATION
            | INSUFFICIENT_ACCESS
            // Made inactive (389 Directory Server).
            | UNWILLING
    )
}

/// What the administrator can do about it.
fn advice(code: u32) -> Option<&'static str> {
    Some(match code {
        2 => "the server does not understand the question",
        7 => "the server takes no simple bind, which is the only one that rolecall makes",
        8 => "the server wants a stronger protection of passwords: use ldaps:// or ldap.start_tls",
        10 => {
            "the entries are on another server, and rolecall follows no referrals: name that one in ldap.url"
        }
        11 => "the server's administrative limit is too low for this question",
        12 => "the server does not know a control that it is asked with",
        13 => "the server wants TLS: use ldaps:// or ldap.start_tls",
        34 => "a DN of the settings is not well formed",
        INAPPROPRIATE_AUTHENTICATION => {
            "the server takes no bind of this kind: set ldap.bind_dn and ldap.bind_password"
        }
        INSUFFICIENT_ACCESS => "ldap.bind_dn may not do this: its rights do not suffice",
        UNWILLING => {
            "the server is unwilling: it may refuse anonymous questions (set ldap.bind_dn), or \
             those without TLS"
        }
        _ => return None,
    })
}

/// What Active Directory says of an account beside result code 49.
fn of_account(text: &str) -> Option<&'static str> {
    let (_, rest) = text.split_once(" data ")?;
    let code = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    Some(match code.to_ascii_lowercase().as_str() {
        "530" => "not permitted to sign in at this time",
        "531" => "not permitted to sign in from this machine",
        "532" => "the password has expired",
        "533" => "the account is disabled",
        "701" => "the account has expired",
        "773" => "the password must be changed first",
        "775" => "the account is locked",
        _ => return None,
    })
}

/// Why something failed that is not about one user.
pub fn failed(what: &str, result: &LdapResult) -> Trouble {
    let mut text = format!("{what} failed: ");
    if let Some(advice) = advice(result.rc) {
        text = format!("{text}{advice}; ");
    }
    text += &described(result);
    match is_outage(result.rc) {
        true => Trouble::Unreachable(text),
        false => Trouble::Refused(text),
    }
}

pub fn described(result: &LdapResult) -> String {
    let text = result
        .text
        .trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let account = match (result.rc, of_account(text)) {
        (INVALID_CREDENTIALS, Some(account)) => format!("{account}; "),
        _ => String::new(),
    };
    match text.is_empty() {
        true => format!("{account}{} (LDAP result {})", result, result.rc),
        false => format!("{account}{text} (LDAP result {})", result.rc),
    }
}

/// Whether there is more to say of a refused user than that the password was wrong.
pub fn is_worth_a_line(result: &LdapResult) -> bool {
    result.rc != INVALID_CREDENTIALS || of_account(&result.text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rc: u32, text: &str) -> LdapResult {
        LdapResult {
            rc,
            matched: String::new(),
            text: text.to_owned(),
            refs: Vec::new(),
            ctrls: Vec::new(),
        }
    }

    #[test]
    fn an_outage_is_what_may_pass_by_itself() {
        for code in 1..=123 {
            let is_outage = matches!(failed("x", &result(code, "")), Trouble::Unreachable(_));
            assert_eq!(is_outage, [3, 51, 52, 80].contains(&code), "{code}");
        }
    }

    #[test]
    fn few_codes_are_about_the_user_who_signs_in() {
        let about: Vec<u32> = (0..=123).filter(|code| is_of_user(*code)).collect();
        assert_eq!(about, [19, 32, 48, 49, 50, 53]);
    }

    #[test]
    fn what_to_do_is_said_plainly() {
        let told = failed("the bind", &result(13, "confidentiality required")).to_string();
        assert!(told.contains("ldap.start_tls"), "{told}");
        assert!(told.contains("confidentiality required"), "{told}");
    }

    #[test]
    fn active_directory_says_why_an_account_may_not_sign_in() {
        let text = |data: &str| {
            format!(
                "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, \
                 data {data}, v4563\0"
            )
        };
        for (data, wanted) in [("775", "locked"), ("532", "expired"), ("533", "disabled")] {
            let refused = result(49, &text(data));
            assert!(described(&refused).contains(wanted), "{data}");
            assert!(is_worth_a_line(&refused));
        }
        assert!(!is_worth_a_line(&result(49, &text("52e"))));
        assert!(!described(&result(49, &text("52e"))).contains('\0'));
    }
}
