//! A password that somebody else chose, or that we make.

use std::io::{self, BufRead, IsTerminal};

use super::error::CommandError;
use super::output;
use crate::auth::hash_password;
use crate::auth::passwords::{self, Owner, PasswordPolicy, Strength, Weakness};
use crate::auth::secret::random_password;
use crate::config::{Auth, Secret};
use crate::directory::users::PasswordHash;

/// The most bytes that are read of a line, whatever the settings allow.
const MAX_LINE: u64 = 64 * 1024;

pub struct Password {
    text: Secret,
    /// Where it was given; none: it was made here.
    given_as: Option<&'static str>,
}

impl Password {
    /// A new one that nobody has seen yet. Its usual length bends to the settings only.
    pub fn make(limits: &Auth) -> Result<Self, CommandError> {
        let random = || {
            random_password().map_err(|error| {
                CommandError::failed(format!("the system has no randomness: {error}"))
            })
        };
        let mut text = random()?;
        while text.len() < limits.password_min_length {
            text.push_str(&random()?);
        }
        text.truncate(limits.password_max_length);
        Ok(Self {
            text: Secret::new(text),
            given_as: None,
        })
    }

    /// One that is configured or typed; `name` tells where. It may be as bad as
    /// it likes until it is checked.
    pub fn given(name: &'static str, text: Secret) -> Self {
        Self {
            text,
            given_as: Some(name),
        }
    }

    pub fn read_or_make(from_stdin: bool, limits: &Auth) -> Result<Self, CommandError> {
        if !from_stdin {
            return Self::make(limits);
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            output::remark("Type the password and press Enter; it can be seen on the screen.");
        }
        let line = first_line(stdin.lock())
            .map_err(|problem| CommandError::usage(format!("--password-stdin: {problem}")))?;
        Ok(Self::given("--password-stdin", Secret::new(line)))
    }

    /// Whether this user can have it.
    pub fn check(&self, policy: &PasswordPolicy, owner: &Owner) -> Result<(), CommandError> {
        self.check_all_but(&[], policy, owner)
    }

    /// The same, but that these weaknesses are told in the log alone.
    pub fn check_all_but(
        &self,
        told: &[Weakness],
        policy: &PasswordPolicy,
        owner: &Owner,
    ) -> Result<(), CommandError> {
        let Some(name) = self.given_as else {
            return Ok(());
        };
        let found = policy.check(self.text.expose(), owner);
        let (told, found): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|weakness| told.contains(weakness));
        for weakness in told {
            log::warn!("{name}: {weakness}");
        }
        passwords::problem(&found)
            .map_or(Ok(()), |problem| Err(CommandError::argument(name, problem)))
    }

    /// Tells how strong one is that somebody chose.
    pub fn rate(&self, owner: &Owner) {
        if self.given_as.is_some() {
            output::remark(&rating(&Strength::of(self.text.expose(), owner)));
        }
    }

    pub fn hash(&self) -> Result<PasswordHash, CommandError> {
        Ok(hash_password(self.text.expose())?)
    }

    /// For a service that hashes it itself.
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// The text of one that was made here: it has to be shown.
    pub fn made(&self) -> Option<&str> {
        match self.given_as {
            None => Some(self.text.expose()),
            Some(_) => None,
        }
    }

    /// Shows one that was made here, alone on a line of standard output.
    pub fn show_if_made(&self, username: &str) -> Result<(), CommandError> {
        let Some(text) = self.made() else {
            return Ok(());
        };
        let otherwise = format!("`rolecall user password {username}` makes another");
        output::print_secret(text, &otherwise)
    }
}

fn rating(strength: &Strength) -> String {
    let advice = strength.warning.iter().chain(&strength.suggestions);
    let advice: String = advice.map(|text| format!(" {text}")).collect();
    format!(
        "The strength of the password is {} of 4.{advice}",
        strength.score
    )
}

/// The first line without its end. Blanks belong to the password.
fn first_line(input: impl BufRead) -> Result<String, String> {
    let mut line = Vec::new();
    input
        .take(MAX_LINE)
        .read_until(b'\n', &mut line)
        .map_err(|error| format!("standard input cannot be read ({error})"))?;
    if line.is_empty() {
        return Err("standard input is empty".to_owned());
    }
    let line = String::from_utf8(line).map_err(|_| "the password is not valid UTF-8".to_owned())?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_without_its_end() {
        for input in ["s3cr et \n", "s3cr et \r\n", "s3cr et ", "s3cr et \nmore\n"] {
            assert_eq!(
                first_line(input.as_bytes()).as_deref(),
                Ok("s3cr et "),
                "{input:?}"
            );
        }
    }

    #[test]
    fn an_empty_input_and_one_that_is_no_text_are_refused() {
        assert!(first_line(&b""[..]).is_err());
        assert!(first_line(&[0xff, b'\n'][..]).is_err());
    }

    fn check(password: &Password, limits: &Auth) -> Result<(), CommandError> {
        let owner = Owner {
            username: "zq-9-ab".into(),
            email: None,
        };
        password.check(&PasswordPolicy::new(limits).unwrap(), &owner)
    }

    #[test]
    fn a_given_password_is_checked() {
        let check = |text: &str| {
            let given = Password::given("--password-stdin", Secret::new(text));
            check(&given, &Auth::default())
        };
        assert!(check("tiger in a tree").is_ok());
        let told = check("zq-9-AB").unwrap_err();
        let expected = "--password-stdin: The password must not be the username.";
        assert!(matches!(told, CommandError::Usage(text) if text == expected));
    }

    #[test]
    fn only_a_made_password_is_shown() {
        let given = Password::given("x", Secret::new("tiger in a tree"));
        assert_eq!(given.made(), None);
        assert!(Password::make(&Auth::default()).unwrap().made().is_some());
    }

    #[test]
    fn the_strength_is_told_with_advice() {
        let strength = Strength::of("hobbes1", &Owner::default());
        let told = rating(&strength);
        assert!(
            told.starts_with("The strength of the password is "),
            "{told}"
        );
        assert!(told.contains(" of 4. "), "{told}");
    }

    #[test]
    fn a_made_password_keeps_to_the_limits_too() {
        for (least, most) in [(6, 1024), (64, 64), (1, 8)] {
            let limits = Auth {
                password_min_length: least,
                password_max_length: most,
                ..Auth::default()
            };
            let password = Password::make(&limits).unwrap();
            let made = password.made().unwrap().to_owned();
            let given = Password::given("x", Secret::new(made));
            assert!(check(&given, &limits).is_ok());
        }
    }
}
