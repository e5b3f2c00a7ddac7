//! The meaning of LDAP result codes (RFC 4511, section 4.1.9 and appendix A).
//! `docs/guides/ldap.md` has the same table.

use ldap3::LdapResult;

use super::LdapError;

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

/// Whether the failure is temporary.
fn is_outage(code: u32) -> bool {
    matches!(code, TIME_LIMIT | BUSY | UNAVAILABLE | OTHER)
}

/// Whether a failed bind is about the user: a wrong password or an account that
/// cannot sign in. All other codes are about the server or the request.
pub fn is_about_user(code: u32) -> bool {
    matches!(
        code,
        INVALID_CREDENTIALS
            // Locked after wrong passwords (389 Directory Server).
            | CONSTRAINT_VIOLATION
            // The entry was deleted after it was found.
            | NO_SUCH_OBJECT
            // The entry has no password.
            | INAPPROPRIATE_AUTHENTICATION
            | INSUFFICIENT_ACCESS
            // Account deactivated (389 Directory Server).
            | UNWILLING
    )
}

/// What an administrator can do about it.
fn advice(code: u32) -> Option<&'static str> {
    Some(match code {
        2 => "the server does not understand the request",
        7 => "the server does not support simple binds, the only kind that rolecall makes",
        8 => "the server requires stronger protection of passwords: use ldaps:// or ldap.start_tls",
        10 => {
            "the entries are on another server, and rolecall does not follow referrals: set ldap.url to that server"
        }
        11 => "the server's administrative limit is too low for this request",
        12 => "the server does not support a control of the request",
        13 => "the server requires TLS: use ldaps:// or ldap.start_tls",
        34 => "a DN in the settings is malformed",
        INAPPROPRIATE_AUTHENTICATION => {
            "the server does not allow this kind of bind: set ldap.bind_dn and ldap.bind_password"
        }
        INSUFFICIENT_ACCESS => "ldap.bind_dn lacks the access rights",
        UNWILLING => {
            "the server refuses: it may reject anonymous requests (set ldap.bind_dn) or those \
             without TLS"
        }
        _ => return None,
    })
}

/// The state of an account that Active Directory reports with result code 49.
fn account_state(text: &str) -> Option<&'static str> {
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

/// The error of an operation that failed for a reason beyond one user.
pub fn failed(what: &str, result: &LdapResult) -> LdapError {
    let mut text = format!("{what} failed: ");
    if let Some(advice) = advice(result.rc) {
        text = format!("{text}{advice}; ");
    }
    text += &describe(result);
    match is_outage(result.rc) {
        true => LdapError::Unreachable(text),
        false => LdapError::Refused(text),
    }
}

pub fn describe(result: &LdapResult) -> String {
    let text = result
        .text
        .trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let account = match (result.rc, account_state(text)) {
        (INVALID_CREDENTIALS, Some(account)) => format!("{account}; "),
        _ => String::new(),
    };
    match text.is_empty() {
        true => format!("{account}{} (LDAP result {})", result, result.rc),
        false => format!("{account}{text} (LDAP result {})", result.rc),
    }
}

/// Whether the result says more than that the password was wrong.
pub fn is_worth_logging(result: &LdapResult) -> bool {
    result.rc != INVALID_CREDENTIALS || account_state(&result.text).is_some()
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
    fn temporary_failures_are_outages() {
        for code in 1..=123 {
            let is_outage = matches!(failed("x", &result(code, "")), LdapError::Unreachable(_));
            assert_eq!(is_outage, [3, 51, 52, 80].contains(&code), "{code}");
        }
    }

    #[test]
    fn few_codes_are_about_the_user_who_signs_in() {
        let about: Vec<u32> = (0..=123).filter(|code| is_about_user(*code)).collect();
        assert_eq!(about, [19, 32, 48, 49, 50, 53]);
    }

    #[test]
    fn errors_come_with_advice() {
        let text = failed("the bind", &result(13, "confidentiality required")).to_string();
        assert!(text.contains("ldap.start_tls"), "{text}");
        assert!(text.contains("confidentiality required"), "{text}");
    }

    #[test]
    fn active_directory_reports_why_an_account_cannot_sign_in() {
        let text = |data: &str| {
            format!(
                "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, \
                 data {data}, v4563\0"
            )
        };
        for (data, wanted) in [("775", "locked"), ("532", "expired"), ("533", "disabled")] {
            let refused = result(49, &text(data));
            assert!(describe(&refused).contains(wanted), "{data}");
            assert!(is_worth_logging(&refused));
        }
        assert!(!is_worth_logging(&result(49, &text("52e"))));
        assert!(!describe(&result(49, &text("52e"))).contains('\0'));
    }
}
