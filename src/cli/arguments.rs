//! What can be typed: commands, flags and their help.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::import::Format;
use crate::config::{Overrides, Preset, settings};
use crate::directory::bulk::Kind;

/// A directory of people and the roles they hold, served as JSON:API 1.1
///
/// Without a command, rolecall serves: it makes and migrates its database, creates the first
/// administrator when there is nobody yet, and listens on 127.0.0.1:8080.
#[derive(Parser)]
#[command(name = "rolecall", version, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    serve: ServeFlags,
}

const EXAMPLES: &str = "\
Examples:
  rolecall
  rolecall --listen 0.0.0.0:8080 --base-url https://people.example.org
  rolecall user add calvin --email calvin@example.org --role admin
  rolecall token create calvin --name backup --scope users:read
  rolecall config sample > rolecall.toml && rolecall --config rolecall.toml
  rolecall --server https://people.example.org --token-file token user list --role admin

Every setting has an environment variable too: see `rolecall config table`.
Exit codes: 0, 1 for a failure, 2 for wrong usage or a wrong configuration.";

/// Flags that every command takes, before or after its name.
#[derive(Args, Clone, Default)]
struct Shared {
    /// The file with settings [env: ROLECALL_CONFIG]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[arg(long, value_name = "URL", global = true, help = meaning("--database"))]
    database: Option<String>,
    /// Act through the service at this address, not on the database: for `user` and `token`
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// With --server: the file whose first line is an API token, or - for standard input
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
    /// With --server: the certificates of its authorities (PEM) [default: those of the system]
    #[arg(long, value_name = "FILE", global = true)]
    server_ca: Option<PathBuf>,
}

/// The service that `--server` names, and how to speak to it.
#[derive(Clone)]
pub struct ServiceFlags {
    pub server: String,
    pub token_file: PathBuf,
    pub server_ca: Option<PathBuf>,
}

impl Shared {
    fn service(&self) -> Result<Option<ServiceFlags>, &'static str> {
        let Some(server) = self.server.clone() else {
            return match (&self.token_file, &self.server_ca) {
                (None, None) => Ok(None),
                _ => Err("--token-file and --server-ca are for --server only"),
            };
        };
        if self.database.is_some() {
            return Err("--server and --database exclude each other");
        }
        let Some(token_file) = self.token_file.clone() else {
            return Err("--server needs an API token: --token-file FILE");
        };
        let server_ca = self.server_ca.clone();
        Ok(Some(ServiceFlags {
            server,
            token_file,
            server_ca,
        }))
    }
}

/// Flags of `serve`, which are understood without its name too. The `config` room judges their text.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Options of serve")]
pub struct ServeFlags {
    #[arg(long, value_name = "ADDRESS", help = meaning("--listen"))]
    listen: Option<String>,
    /// Understood only to say what it is called here.
    #[arg(long, hide = true, num_args = 0..=1, default_missing_value = "PORT")]
    port: Option<String>,
    #[arg(long, value_name = "URL", help = meaning("--base-url"))]
    base_url: Option<String>,
    #[arg(long, value_name = "LIST", help = meaning("--trusted-proxies"))]
    trusted_proxies: Option<String>,
    #[arg(long, value_name = "N", help = meaning("--workers"))]
    workers: Option<String>,
    #[arg(long, value_name = "LIST", help = meaning("--cors-origins"))]
    cors_origins: Option<String>,
    #[arg(long, value_name = "NAME", help = meaning("--admin-username"))]
    admin_username: Option<String>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the directory; this is what runs without a command
    Serve(ServeFlags),
    /// Bring the database's tables up to date, making them when there are none
    ///
    /// `rolecall serve` does the same when it starts.
    #[command(
        after_help = "Examples:\n  rolecall migrate --plan\n  rolecall migrate\n  rolecall migrate --back-to 2026-11-30-000130_entry_ids"
    )]
    Migrate {
        /// Only tell which migrations would be applied, and change nothing
        #[arg(long, conflicts_with_all = ["back_to", "new"])]
        plan: bool,
        /// Undo what was applied after this migration, for an earlier version of rolecall
        ///
        /// Stop the service and make a backup first: what only the newer tables can hold is lost.
        #[arg(long, value_name = "MIGRATION", conflicts_with = "new")]
        back_to: Option<String>,
        /// Make a new directory where there was one whose SQLite file is gone
        #[arg(long)]
        new: bool,
    },
    /// Add users, change their passwords and roles, list them
    ///
    /// Users and roles are named by id or name. A number is an id first, and a name only where
    /// nothing has that id.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Make, list and revoke API tokens
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Tell how sending mails goes, and try it
    Mail {
        #[command(subcommand)]
        command: MailCommand,
    },
    /// Explain the connection to LDAP, and bring users in from there
    Ldap {
        #[command(subcommand)]
        command: LdapCommand,
    },
    /// Take users, roles, grants, partners, workspaces and clusters in from a file
    ///
    /// Each row is judged by itself: what is well with the directory's rules goes in, all else is
    /// told with its line and refused. A row that says what is so already is left alone.
    #[command(after_help = "\
Examples:
  rolecall import people.ndjson
  rolecall import people.csv --kind users --dry-run --errors wrong.txt
  rolecall import people.ndjson --upsert-by username
  rolecall --database sqlite://old.db export | rolecall --database sqlite://new.db import -")]
    Import {
        /// NDJSON or CSV, or - for standard input
        file: PathBuf,
        #[command(flatten)]
        flags: ImportFlags,
    },
    /// Write the directory to standard output, as `rolecall import` reads it
    ///
    /// Users in the trash, tokens, grant rules and the audit log stay behind.
    #[command(after_help = "\
Examples:
  rolecall export > directory.ndjson
  rolecall export --kind users --format csv > people.csv")]
    Export(ExportFlags),
    /// Make up a directory, for trying things out: the same numbers make the same one
    #[command(after_help = "\
Examples:
  rolecall generate --users 10000 --seed 7
  rolecall generate --users 1000000 --seed 7 --to - > million.ndjson")]
    Generate(GenerateFlags),
    /// Compare counts, closures, indexes and references with the tables they are about
    ///
    /// Fails when something is wrong that was not repaired.
    #[command(after_help = "Example:\n  rolecall check --repair")]
    Check {
        /// Put right what is wrong
        #[arg(long)]
        repair: bool,
    },
    /// Copy the SQLite database to a file, while it is in use
    ///
    /// The copy is of one moment, complete, and checked before the command ends. On PostgreSQL
    /// use pg_dump or pg_basebackup.
    #[command(after_help = "Example:\n  rolecall backup /var/backups/rolecall-$(date +%F).db")]
    Backup {
        /// The file to make; it must not exist
        file: PathBuf,
    },
    /// Move the directory from SQLite to an empty PostgreSQL
    ///
    /// Everything moves, tokens, the trash and the audit log included; ids stay. The SQLite file stays as it is. Stop the service first.
    #[command(
        after_help = "Example:\n  rolecall --database sqlite://rolecall.db move --to postgres:///rolecall"
    )]
    Move {
        /// The PostgreSQL database, with tables that are empty or with none
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Put a backup in the place of the SQLite database, which must not be in use
    ///
    /// The backup is checked first, and repaired where only counts and indexes are wrong.
    #[command(
        after_help = "Example:\n  rolecall restore /var/backups/rolecall-2026-11-30.db --replace"
    )]
    Restore {
        /// The backup; it stays as it is
        file: PathBuf,
        /// Restore although there is a database; it is kept beside, under another name
        #[arg(long)]
        replace: bool,
    },
    /// Take old events out of the audit log
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Ask a running service whether it is ready: exit code 0 when it is, else 1
    ///
    /// For the health check of a container. Without --url it asks the service on this machine
    /// that has the same settings.
    #[command(
        after_help = "Examples:\n  rolecall health\n  rolecall health --url https://people.example.org"
    )]
    Health {
        /// The address of the service, or of another probe
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Print the description of the service as OpenAPI 3.1
    ///
    /// The service itself shows it at /openapi.json, and for reading at /docs.
    Openapi,
    /// Print the completions of a shell
    #[command(
        after_help = "Example:\n  rolecall completions bash > /etc/bash_completion.d/rolecall"
    )]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write a manual page for each command to a folder
    #[command(after_help = "Example:\n  rolecall man ~/.local/share/man/man1")]
    Man {
        /// The folder, which must exist
        folder: PathBuf,
    },
    /// Print what can be configured, and check what is
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Args, Default)]
pub struct ImportFlags {
    /// How the rows are written [default: by the end of the name, else ndjson]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// What rows are that do not say it themselves
    #[arg(long, value_enum, default_value_t)]
    pub kind: RowKind,
    /// Tell what would become of each row, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Change what has the name of a row already; may be given several times
    #[arg(long, value_enum, value_name = "FIELD")]
    pub upsert_by: Vec<Upsert>,
    /// Go on after the last rows that an interrupted import of this file committed
    #[arg(long, conflicts_with_all = ["dry_run", "all_or_nothing"])]
    pub resume: bool,
    /// Import nothing unless all rows are well
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Rows that are committed together [default: at most 1000, fewer where they take long]
    #[arg(long, value_name = "N", value_parser = in_batch)]
    pub batch: Option<usize>,
    /// Write every problem to this file, one a line
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// An event in the audit log for each row that is created, not only for each batch
    #[arg(long)]
    pub audit_rows: bool,
    /// The most bytes of a row
    #[arg(long, value_name = "N", default_value_t = 1024 * 1024)]
    pub max_line_bytes: usize,
}

/// The most rows that may be committed together: they are held in memory.
const MAX_BATCH: usize = 100_000;

fn in_batch(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (1..=MAX_BATCH).contains(&number) => Ok(number),
        _ => Err(format!("use a number from 1 to {MAX_BATCH}")),
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RowKind {
    #[default]
    Users,
    Roles,
    Grants,
    Partners,
    Workspaces,
    Clusters,
}

impl From<RowKind> for Kind {
    fn from(kind: RowKind) -> Self {
        match kind {
            RowKind::Users => Self::Users,
            RowKind::Roles => Self::Roles,
            RowKind::Grants => Self::Grants,
            RowKind::Partners => Self::Partners,
            RowKind::Workspaces => Self::Workspaces,
            RowKind::Clusters => Self::Clusters,
        }
    }
}

/// By which name a row finds what it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Upsert {
    /// Users
    Username,
    /// Roles
    Name,
    /// Workspaces
    Code,
    /// Clusters, by workspace, type and title
    Title,
    /// Partners, or by title where there is no number
    #[value(name = "vendor_number")]
    VendorNumber,
    /// Grants, by user, role and place
    Place,
    /// Everything, each by its own name
    All,
}

#[derive(Args)]
pub struct ExportFlags {
    /// What to write
    #[arg(long, default_value = "all", value_parser = export_kind, value_name = "users|roles|grants|partners|workspaces|clusters|all")]
    pub kind: ExportKind,
    /// How to write it; csv takes one kind
    #[arg(long, value_enum, default_value = "ndjson")]
    pub format: Format,
    /// Write the hashes of passwords too: whoever has them can guess the passwords
    #[arg(long)]
    pub with_password_hashes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    All,
    One(RowKind),
}

fn export_kind(text: &str) -> Result<ExportKind, String> {
    if text == "all" {
        return Ok(ExportKind::All);
    }
    <RowKind as ValueEnum>::from_str(text, false)
        .map(ExportKind::One)
        .map_err(|_| {
            "choose one of users, roles, grants, partners, workspaces, clusters, all".to_owned()
        })
}

#[derive(Args)]
pub struct GenerateFlags {
    /// How many users
    #[arg(long, value_name = "N")]
    pub users: u64,
    /// The same seed makes the same directory
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// How many roles each user holds, everywhere
    #[arg(long, value_name = "K", default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=5))]
    pub roles_per_user: u64,
    /// - writes NDJSON to standard output instead of filling the database
    #[arg(long, value_name = "-", value_parser = ["-"])]
    pub to: Option<String>,
}

#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a user
    ///
    /// Without --password-stdin a password is made and printed once, alone on standard output.
    #[command(after_help = "\
Examples:
  rolecall user add calvin --name Calvin --email calvin@example.org --role tigers --role HR
  pass show calvin | rolecall user add calvin --password-stdin")]
    Add(AddUser),
    /// Change the password of a user
    ///
    /// Without --password-stdin a password is made and printed once, alone on standard output.
    #[command(after_help = "\
Examples:
  rolecall user password calvin
  pass show calvin | rolecall user password calvin --password-stdin")]
    Password {
        /// Whose password
        username: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// Leave the API tokens of the user alone, which a new password ends else
        #[arg(long)]
        keep_tokens: bool,
    },
    /// Give a role to a user, everywhere and without an end
    #[command(after_help = "Example:\n  rolecall user grant calvin admin")]
    Grant(Membership),
    /// Take a role from a user
    #[command(after_help = "Example:\n  rolecall user revoke calvin admin")]
    Revoke(Membership),
    /// List users with their roles
    ///
    /// Into a pipe or a file the columns are id, username, active (yes or no) and roles (joined
    /// by commas), separated by tabs and without a header.
    #[command(after_help = "\
Examples:
  rolecall user list --role admin
  rolecall user list --name doe --limit 20
  rolecall user list | cut -f 2")]
    List {
        /// Only those with each of these words in their username, names or e-mail address, whatever the case
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Only those who hold this role everywhere: its id or name
        #[arg(long, value_name = "NAME")]
        role: Option<String>,
        /// The most users to list
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
        limit: Option<i64>,
    },
    /// Put a user into the trash
    ///
    /// The user cannot sign in any more; sign-ins and API tokens end. The last administrator stays.
    #[command(
        after_help = "Examples:\n  rolecall user delete calvin\n  rolecall user delete calvin --purge"
    )]
    Delete {
        /// Whom to delete: an id or a username
        username: String,
        /// Remove the user for good, with all that hangs on it
        #[arg(long)]
        purge: bool,
    },
    /// List deleted users, who can be restored or purged
    ///
    /// Into a pipe or a file the columns are id, username, when it was deleted and the id of who
    /// did it, separated by tabs and without a header.
    #[command(after_help = "Example:\n  rolecall user trash")]
    Trash {
        /// The most users to list
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
        limit: Option<i64>,
    },
    /// Take a user out of the trash, with the roles it had
    ///
    /// API tokens and sign-ins from before the deletion stay revoked.
    #[command(
        after_help = "Examples:\n  rolecall user restore calvin\n  rolecall user restore 17 --username calvin2"
    )]
    Restore {
        /// Whom to restore: an id or a username
        user: String,
        /// Another name, where somebody else has the former one
        #[arg(long, value_name = "NAME")]
        username: Option<String>,
    },
    /// Remove a user in the trash for good
    ///
    /// The audit log keeps what was known of the user.
    #[command(after_help = "Examples:\n  rolecall user purge calvin\n  rolecall user purge 17")]
    Purge {
        /// Whom to purge: an id or a username
        user: String,
    },
}

#[derive(Args)]
pub struct AddUser {
    /// The name to sign in with: letters, digits and _ . @ + -
    pub username: String,
    /// The e-mail address
    #[arg(long)]
    pub email: Option<String>,
    /// The given name
    #[arg(long)]
    pub name: Option<String>,
    /// The family name
    #[arg(long)]
    pub surname: Option<String>,
    /// A role to hold, by its id or name; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
}

#[derive(Args)]
pub struct Membership {
    /// The user's id or name
    pub username: String,
    /// The role's id or name
    pub role: String,
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make an API token for a user
    ///
    /// Its secret is printed once, alone on standard output.
    #[command(after_help = "\
Examples:
  rolecall token create calvin --name laptop
  rolecall token create calvin --name backup --scope users:read --expires 2030-01-31T00:00:00Z
  curl -H \"Authorization: Bearer $(rolecall token create calvin --name curl)\" http://127.0.0.1:8080/home")]
    Create(CreateToken),
    /// List API tokens, without their secrets
    ///
    /// Into a pipe or a file the columns are id, username, name, scopes, expiry and last use,
    /// separated by tabs and without a header.
    #[command(after_help = "Example:\n  rolecall token list calvin")]
    List {
        /// Only this user's: an id or a username
        username: Option<String>,
    },
    /// Revoke an API token: its next use is refused
    #[command(after_help = "Example:\n  rolecall token revoke 7")]
    Revoke {
        /// The number that `rolecall token list` shows
        id: i64,
    },
}

#[derive(Args)]
pub struct CreateToken {
    /// The user as whom the token acts: an id or a username
    pub username: String,
    /// What the token is for
    #[arg(long)]
    pub name: String,
    /// A permission to narrow it to, like users:read; may be given several times [default: all that the user may]
    #[arg(long = "scope", value_name = "SCOPE")]
    pub scopes: Vec<String>,
    /// When it ends, like 2030-01-31T00:00:00Z [default: never]
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
}

#[derive(Subcommand)]
pub enum MailCommand {
    /// Count the mails that wait, are being sent, were sent and have failed
    ///
    /// A line each: the state, a tab and the number.
    #[command(after_help = "Example:\n  rolecall mail status")]
    Status,
    /// Send a test mail now, and tell what is wrong when that fails
    #[command(after_help = "Example:\n  rolecall mail test calvin@example.org")]
    Test {
        /// Whom to send it to
        address: String,
    },
}

#[derive(Subcommand)]
pub enum LdapCommand {
    /// Try the configuration step by step, and tell what is wrong where it fails
    ///
    /// Each step that works is a line, its name and the result, separated by a tab in a pipe or
    /// a file. Nothing is changed, and no password is asked for or shown.
    #[command(after_help = "\
Examples:
  rolecall ldap check
  rolecall ldap check --user calvin")]
    Check {
        /// Tell also what would become of this user, with groups and roles
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Make a record of every user in LDAP, and deactivate external users who are gone from there
    ///
    /// Each change is a line: what (create, give, take, deactivate), the username and the role,
    /// separated by tabs in a pipe or a file. A user who comes back stays inactive until
    /// somebody activates the record.
    #[command(after_help = "\
Examples:
  rolecall ldap sync --dry-run
  rolecall ldap sync")]
    Sync {
        /// Only tell what would be changed
        #[arg(long)]
        dry_run: bool,
        /// Deactivate also more users than ldap.sync_max_deactivated_percent
        #[arg(long)]
        force: bool,
        /// Give the records of users to the entries of the same names, though they are those of
        /// other entries: after a move to another LDAP server
        #[arg(long)]
        adopt: bool,
    },
}

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Remove the events from before a moment for good
    ///
    /// The database refuses to remove events in any other way. An event tells how many were
    /// removed, up to which, and by whom. A pruning that is interrupted has removed, and told
    /// of, what it had come to.
    #[command(after_help = "\
Examples:
  rolecall audit prune --before 2025-01-01T00:00:00Z --dry-run
  rolecall audit prune --before 2025-01-01T00:00:00Z")]
    Prune(PruneFlags),
}

#[derive(Args)]
pub struct PruneFlags {
    /// The moment, like 2025-01-01T00:00:00Z; it must have passed
    #[arg(long, value_name = "TIME")]
    pub before: String,
    /// Events that are removed together
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub batch: i64,
    /// Only tell how many events are that old
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Print a file with every setting at its default
    #[command(after_help = "Example:\n  rolecall config sample > rolecall.toml")]
    Sample,
    /// Print a Markdown table of every setting
    Table,
    /// Tell everything that is wrong with the settings
    ///
    /// Names, values, files and contradictions. Each problem is a line, and the exit code is 1 when there is one. Nothing is changed.
    #[command(
        after_help = "Examples:\n  rolecall config check\n  rolecall --config /etc/rolecall/rolecall.toml config check --connect"
    )]
    Check {
        /// Try the certificate, the database, the LDAP server and the mail server, too
        #[arg(long)]
        connect: bool,
    },
}

/// The flags that settings are made of.
#[derive(Clone)]
pub struct Flags {
    shared: Shared,
    service: Option<ServiceFlags>,
    serve: ServeFlags,
}

impl Flags {
    pub fn config(&self) -> Option<&Path> {
        self.shared.config.as_deref()
    }

    pub fn service(&self) -> Option<&ServiceFlags> {
        self.service.as_ref()
    }

    pub fn overrides(&self) -> Overrides {
        Overrides {
            listen: self.serve.listen.clone(),
            base_url: self.serve.base_url.clone(),
            trusted_proxies: self.serve.trusted_proxies.clone(),
            workers: self.serve.workers.clone(),
            cors_origins: self.serve.cors_origins.clone(),
            database_url: self.shared.database.clone(),
            admin_username: self.serve.admin_username.clone(),
        }
    }
}

impl Arguments {
    /// The command, `serve` by default, and the flags from both sides of its name.
    pub fn into_parts(self) -> Result<(Command, Flags), clap::Error> {
        let Self {
            command,
            shared,
            serve,
        } = self;
        let after = match &command {
            Some(Command::Serve(after)) => after.port.as_ref(),
            _ => None,
        };
        if let Some(port) = after.or(serve.port.as_ref()) {
            let problem = format!("there is no --port: use --listen 127.0.0.1:{port}");
            return Err(Self::command().error(ErrorKind::UnknownArgument, problem));
        }
        let service = shared
            .service()
            .map_err(|problem| Self::command().error(ErrorKind::ArgumentConflict, problem))?;
        match command.unwrap_or_else(|| Command::Serve(ServeFlags::default())) {
            Command::Serve(after) => {
                let serve = after.or(serve);
                Ok((
                    Command::Serve(ServeFlags::default()),
                    Flags {
                        shared,
                        service,
                        serve,
                    },
                ))
            }
            command => match serve.first() {
                Some(flag) => {
                    let problem = format!("{flag} is for `rolecall serve` only");
                    Err(Self::command().error(ErrorKind::ArgumentConflict, problem))
                }
                None => Ok((
                    command,
                    Flags {
                        shared,
                        service,
                        serve,
                    },
                )),
            },
        }
    }
}

impl ServeFlags {
    fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            port: None,
            base_url: self.base_url.or(other.base_url),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            workers: self.workers.or(other.workers),
            cors_origins: self.cors_origins.or(other.cors_origins),
            admin_username: self.admin_username.or(other.admin_username),
        }
    }

    fn first(&self) -> Option<&'static str> {
        let flags = [
            ("--listen", &self.listen),
            ("--base-url", &self.base_url),
            ("--trusted-proxies", &self.trusted_proxies),
            ("--workers", &self.workers),
            ("--cors-origins", &self.cors_origins),
            ("--admin-username", &self.admin_username),
        ];
        flags
            .iter()
            .find(|(_, value)| value.is_some())
            .map(|(flag, _)| *flag)
    }
}

/// What the table of settings tells about a flag.
fn meaning(flag: &str) -> String {
    let row = settings().find(|setting| setting.flag == Some(flag));
    row.map_or_else(String::new, |setting| {
        let sentence = setting.meaning.strip_suffix('.').unwrap_or(setting.meaning);
        let default = match setting.preset {
            Preset::Value("") | Preset::Unset { .. } => String::new(),
            Preset::Value(text) => format!(" [default: {text}]"),
        };
        format!("{sentence}{default} [env: {}]", setting.env)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Command, Flags), clap::Error> {
        let words = std::iter::once("rolecall").chain(line.split_whitespace());
        Arguments::try_parse_from(words).and_then(Arguments::into_parts)
    }

    fn accepted(line: &str) -> (Command, Flags) {
        parsed(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn refused(line: &str) -> clap::Error {
        parsed(line)
            .err()
            .unwrap_or_else(|| panic!("{line} was accepted"))
    }

    #[test]
    fn the_commands_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_command_means_serve() {
        assert!(matches!(accepted("").0, Command::Serve(_)));
        let (command, flags) = accepted("--listen 127.0.0.1:1 --workers 2");
        assert!(matches!(command, Command::Serve(_)));
        assert_eq!(flags.overrides().listen.as_deref(), Some("127.0.0.1:1"));
        assert_eq!(flags.overrides().workers.as_deref(), Some("2"));
    }

    #[test]
    fn flags_of_serve_may_stand_on_both_sides_and_the_later_wins() {
        let (_, flags) = accepted("--listen 127.0.0.1:1 --workers 2 serve --listen 127.0.0.1:3");
        assert_eq!(flags.overrides().listen.as_deref(), Some("127.0.0.1:3"));
        assert_eq!(flags.overrides().workers.as_deref(), Some("2"));
    }

    #[test]
    fn flags_of_serve_are_refused_for_other_commands() {
        let error = refused("--listen 127.0.0.1:1 user list");
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
        assert_eq!(error.exit_code(), 2);
        refused("user list --listen 127.0.0.1:1");
    }

    #[test]
    fn every_command_takes_a_database_and_a_file_anywhere() {
        for line in [
            "--database sqlite://a --config b serve",
            "serve --database sqlite://a --config b",
            "migrate --database sqlite://a --config b",
            "--database sqlite://a user --config b list",
            "token list --config b --database sqlite://a",
            "config sample --config b --database sqlite://a",
        ] {
            let (_, flags) = accepted(line);
            assert_eq!(
                flags.overrides().database_url.as_deref(),
                Some("sqlite://a"),
                "{line}"
            );
            assert_eq!(flags.config(), Some(Path::new("b")), "{line}");
        }
    }

    #[test]
    fn every_flag_of_the_settings_can_be_typed_and_is_explained() {
        for setting in settings() {
            let Some(flag) = setting.flag else { continue };
            let (_, flags) = accepted(&format!("{flag} typed"));
            assert!(
                format!("{:?}", flags.overrides()).contains("typed"),
                "{flag}"
            );
            assert!(meaning(flag).contains(setting.env), "{flag}");
        }
    }

    #[test]
    fn a_role_is_one_word_so_that_no_name_is_swallowed() {
        let (command, _) = accepted("user add --role admin --role HR calvin --password-stdin");
        let Command::User {
            command: UserCommand::Add(add),
        } = command
        else {
            panic!("another command");
        };
        assert_eq!(add.username, "calvin");
        assert_eq!(add.roles, ["admin", "HR"]);
        assert!(add.password_stdin);
    }

    #[test]
    fn no_password_can_be_given_as_a_flag() {
        refused("--admin-password hunter2");
        refused("user add calvin --password hunter2");
        refused("user password calvin hunter2");
    }

    #[test]
    fn a_token_needs_a_user_and_a_name() {
        refused("token create calvin");
        refused("token create --name laptop");
        let line = "token create calvin --name laptop --scope users:read --scope self:read";
        let Command::Token {
            command: TokenCommand::Create(create),
        } = accepted(line).0
        else {
            panic!("another command");
        };
        assert_eq!(create.scopes, ["users:read", "self:read"]);
        assert_eq!(create.expires, None);
    }

    #[test]
    fn numbers_are_numbers() {
        refused("user list --limit 0");
        refused("user list --limit many");
        refused("token revoke rc_0123");
        accepted("user list --limit 10");
        accepted("user list --name doe --role HR --limit 10");
        accepted("token revoke 7");
    }

    #[test]
    fn half_a_command_is_wrong_usage() {
        for line in ["user", "token", "config", "sreve", "user add", "serve now"] {
            assert_eq!(refused(line).exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn every_argument_is_explained() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = format!("{} {}", command.get_name(), argument.get_id());
                assert!(argument.get_help().is_some(), "{name}");
            }
            assert!(command.get_about().is_some(), "{}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }

    #[test]
    fn asking_for_help_or_the_version_is_no_failure() {
        for line in [
            "--help",
            "--version",
            "serve --help",
            "user add --help",
            "help token",
        ] {
            assert_eq!(refused(line).exit_code(), 0, "{line}");
        }
    }
}
