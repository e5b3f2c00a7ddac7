//! The password policy. It applies when a password is set, on every surface and the
//! command line, not at sign-in: passwords that were set before stay valid.

mod common;
mod refused;
mod strength;

use std::fmt;

pub use strength::Strength;

use self::refused::RefusedPasswords;
use crate::config;
use crate::directory::FieldError;

pub struct PasswordPolicy {
    min: usize,
    max: usize,
    refuses_common: bool,
    refused: Option<RefusedPasswords>,
}

/// The owner of a new password, whose name and address must not be the password.
#[derive(Clone, Debug, Default)]
pub struct Owner {
    pub username: String,
    pub email: Option<String>,
}

/// Why a password cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer characters than this.
    Short(usize),
    /// More characters than this.
    Long(usize),
    Username,
    Email,
    Common,
    /// In `auth.refused_passwords_file`.
    Refused,
}

impl fmt::Display for Weakness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(min) => write!(out, "Use at least {min} characters."),
            Self::Long(max) => write!(out, "Use at most {max} characters."),
            Self::Username => out.write_str("The password must not be the username."),
            Self::Email => out.write_str(
                "The password must not be the e-mail address or the part of it before the @.",
            ),
            Self::Common => out.write_str("This password is too common."),
            Self::Refused => out.write_str("This password is on the list of refused passwords."),
        }
    }
}

/// One problem of the field `password` with all weaknesses.
pub fn problem(weaknesses: &[Weakness]) -> Option<FieldError> {
    let texts: Vec<String> = weaknesses.iter().map(Weakness::to_string).collect();
    (!texts.is_empty()).then(|| FieldError::invalid("password", texts.join(" ")))
}

impl PasswordPolicy {
    /// # Errors
    /// A sentence about the file that cannot be used.
    pub fn new(settings: &config::Auth) -> Result<Self, String> {
        let file = settings.refused_passwords_file.as_deref();
        let refused = file.map(RefusedPasswords::open).transpose();
        Ok(Self {
            min: settings.password_min_length,
            max: settings.password_max_length,
            refuses_common: settings.refuse_common_passwords,
            refused: refused.map_err(|why| format!("auth.refused_passwords_file: {why}"))?,
        })
    }

    /// Whether a check may read a file, which blocks.
    pub fn reads_a_file(&self) -> bool {
        self.refused.is_some()
    }

    /// All weaknesses of a password.
    pub fn check(&self, password: &str, owner: &Owner) -> Vec<Weakness> {
        let length = password.chars().count();
        if length > self.max {
            // No further checks: it may be a megabyte.
            return vec![Weakness::Long(self.max)];
        }
        let plain = password.trim().to_lowercase();
        let is_listed = |list: &RefusedPasswords| list.contains(password, &plain);
        let found = [
            (length < self.min, Weakness::Short(self.min)),
            (is_same(&plain, &owner.username), Weakness::Username),
            (is_email(&plain, owner), Weakness::Email),
            (
                self.refuses_common && common::contains(&plain),
                Weakness::Common,
            ),
            (
                self.refused.as_ref().is_some_and(is_listed),
                Weakness::Refused,
            ),
        ];
        let found = found.into_iter().filter(|(is_so, _)| *is_so);
        found.map(|(_, weakness)| weakness).collect()
    }
}

fn is_same(plain: &str, other: &str) -> bool {
    let other = other.trim();
    !other.is_empty() && plain == other.to_lowercase()
}

fn is_email(plain: &str, owner: &Owner) -> bool {
    let email = owner.email.as_deref().unwrap_or_default();
    let local = email.rsplit_once('@').map_or(email, |(local, _)| local);
    is_same(plain, email) || is_same(plain, local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Vec<Weakness> {
        let owner = Owner {
            username: "JohnDoe42".into(),
            email: Some("j.doe-1984@example.org".into()),
        };
        let policy = PasswordPolicy::new(&config::Auth::default()).unwrap();
        policy.check(password, &owner)
    }

    #[test]
    fn passwords_of_the_documentation_are_accepted() {
        for password in ["j04nd0e", "my_new_password", "correct horse"] {
            assert_eq!(check(password), [], "{password}");
        }
    }

    #[test]
    fn the_length_is_counted_in_characters() {
        assert_eq!(check("żółwik"), [Weakness::Short(7)]);
        assert_eq!(check("żółwiki"), []);
        assert_eq!(check(&"żółwiki ".repeat(128)), []);
        assert_eq!(check(&"x".repeat(1025)), [Weakness::Long(1024)]);
    }

    #[test]
    fn the_username_and_the_e_mail_address_are_refused_in_any_case() {
        for password in ["JohnDoe42", "johndoe42", " JOHNDOE42 "] {
            assert_eq!(check(password), [Weakness::Username], "{password}");
        }
        for password in ["j.doe-1984", "J.DOE-1984", "j.doe-1984@example.org"] {
            assert_eq!(check(password), [Weakness::Email], "{password}");
        }
        assert_eq!(check("johndoe42!"), []);
    }

    #[test]
    fn an_empty_name_excludes_no_password() {
        let policy = PasswordPolicy::new(&config::Auth {
            refuse_common_passwords: false,
            ..config::Auth::default()
        });
        assert_eq!(policy.unwrap().check("       ", &Owner::default()), []);
    }

    #[test]
    fn common_passwords_are_refused_in_any_case_and_all_reasons_are_given() {
        for password in ["password1", "Password1", "12345678", "       ", "ßßßßßßßß"] {
            assert_eq!(check(password), [Weakness::Common], "{password}");
        }
        assert_eq!(check("123456"), [Weakness::Short(7), Weakness::Common]);
        let message = problem(&check("123456")).unwrap().message;
        assert_eq!(
            message,
            "Use at least 7 characters. This password is too common."
        );
        assert!(problem(&[]).is_none());
    }
}
