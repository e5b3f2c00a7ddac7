//! A password that somebody else chose, or that we make.

use std::io::{self, BufRead, IsTerminal};

use super::failure::Failure;
use super::output;
use crate::auth::hash_password;
use crate::auth::secret::random_password;
use crate::config::{Auth, Secret};
use crate::directory::users::PasswordHash;

/// The most bytes that are read of a line, whatever the settings allow.
const MAX_LINE: u64 = 64 * 1024;

pub struct Password {
    text: Secret,
    is_made: bool,
}

impl Password {
    /// A new one that nobody has seen yet. Its usual length bends to the settings only.
    pub fn make(limits: &Auth) -> Result<Self, Failure> {
        let random = || {
            random_password()
                .map_err(|error| Failure::failed(format!("the system has no randomness: {error}")))
        };
        let mut text = random()?;
        while text.len() < limits.password_min_length {
            text.push_str(&random()?);
        }
        text.truncate(limits.password_max_length);
        Ok(Self {
            text: Secret::new(text),
            is_made: true,
        })
    }

    /// One that is configured or typed; `name` tells where.
    pub fn given(name: &str, text: Secret, limits: &Auth) -> Result<Self, Failure> {
        check_length(text.expose(), limits)
            .map_err(|problem| Failure::usage(format!("{name}: {problem}")))?;
        Ok(Self {
            text,
            is_made: false,
        })
    }

    pub fn read_or_make(from_stdin: bool, limits: &Auth) -> Result<Self, Failure> {
        if !from_stdin {
            return Self::make(limits);
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            output::remark("Type the password and press Enter; it can be seen on the screen.");
        }
        let line = first_line(stdin.lock())
            .map_err(|problem| Failure::usage(format!("--password-stdin: {problem}")))?;
        Self::given("--password-stdin", Secret::new(line), limits)
    }

    pub fn hash(&self) -> Result<PasswordHash, Failure> {
        Ok(hash_password(self.text.expose())?)
    }

    /// The text of one that was made here: it has to be shown.
    pub fn made(&self) -> Option<&str> {
        self.is_made.then(|| self.text.expose())
    }

    /// Shows one that was made here, alone on a line of standard output.
    pub fn show_if_made(&self, username: &str) -> Result<(), Failure> {
        let Some(text) = self.made() else {
            return Ok(());
        };
        let otherwise = format!("`rolecall user password {username}` makes another");
        output::print_secret(text, &otherwise)
    }
}

fn check_length(password: &str, limits: &Auth) -> Result<(), String> {
    let length = password.chars().count();
    if length < limits.password_min_length {
        return Err(format!(
            "use at least {} characters",
            limits.password_min_length
        ));
    }
    if length > limits.password_max_length {
        return Err(format!(
            "use at most {} characters",
            limits.password_max_length
        ));
    }
    Ok(())
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

    #[test]
    fn the_length_of_a_given_password_is_checked_in_characters() {
        let limits = Auth {
            password_min_length: 3,
            password_max_length: 4,
            ..Auth::default()
        };
        for (text, fits) in [
            ("éé", false),
            ("ééé", true),
            ("éééé", true),
            ("ééééé", false),
        ] {
            let given = Password::given("--password-stdin", Secret::new(text), &limits);
            assert_eq!(given.is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn only_a_made_password_is_shown() {
        let limits = Auth::default();
        let given = Password::given("x", Secret::new("hunter2"), &limits).unwrap();
        assert_eq!(given.made(), None);
        assert!(Password::make(&limits).unwrap().made().is_some());
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
            assert_eq!(check_length(password.made().unwrap(), &limits), Ok(()));
        }
    }
}
