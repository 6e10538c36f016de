//! The configuration of `chatsparks serve`: TOML, everything wrong in it told at once, each thing with its place and what
//! to do (H).

use crate::{Access, Limits, Options, Scope, Token};
use chatsparks_core::{Engine, WorkspaceId};
use chatsparks_runtime::{ClockMode, Settings, WorkspaceSetup};
use chatsparks_tiktok::Account;
use http::Signer;
use secret::{Secret, reason};
use std::{
    fmt, fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use store::read_store_value;
use table::{At, Reading, Table, place};
use toml::de::DeTable;
use workspace::{Shops, read_workspace_table};

mod http;
mod limits;
mod nats;
mod secret;
mod store;
mod table;
mod tiktok;
mod workspace;

pub use nats::NatsAddress;
pub use store::StoreAddress;

/// A commented configuration with every key.
pub const EXAMPLE: &str = include_str!("config/example.toml");

/// The longest configuration that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// What an attempt by HTTP may take besides its own time, before the runtime gives it up.
const BEYOND: Duration = Duration::from_secs(2);

/// Something wrong in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// What is wrong. It never shows a secret.
    pub message: String,
    /// What to do; empty where the message says it.
    pub help: String,
}

/// Everything wrong in a configuration.
pub type Faults = Vec<Fault>;

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// A configuration that holds together.
#[non_exhaustive]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub store: StoreAddress,
    /// Partitions, for a store that is made.
    pub partitions: Option<u32>,
    /// What the runtime is told.
    pub settings: Settings,
    /// What requests may take.
    pub limits: Limits,
    /// How long what is begun may take to finish.
    pub stop: Duration,
    /// The workspaces.
    pub workspaces: Vec<WorkspaceSetup>,
    /// Their TikTok accounts.
    pub tiktok: Vec<Account>,
    text: String,
    tokens: Vec<TokenSource>,
    signers: Vec<Signer>,
}

/// A token that is named: whom it opens what for.
struct TokenSource {
    secret: Secret,
    scopes: Vec<Scope>,
    workspace: Option<WorkspaceId>,
}

impl fmt::Debug for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Config")
            .field("listen", &self.listen)
            .field("store", &self.store)
            .field("workspaces", &self.workspaces)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads a configuration, and all that it names: documents and secrets.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let fault = |message: String, help: &str| vec![Fault { line: 1, column: 1, message, help: help.to_owned() }];
        let size = fs::metadata(path).map(|about| about.len());
        let text = size.and_then(|size| if size > LONGEST { Ok(None) } else { fs::read(path).map(Some) });
        let text = text.map_err(|error| {
            let help = "`chatsparks serve --example-config` prints one to begin with";
            fault(format!("the configuration cannot be read: {}", reason(&error)), help)
        })?;
        let text = text.ok_or_else(|| fault("the configuration is longer than 1 MiB".to_owned(), ""))?;
        let text = String::from_utf8(text).map_err(|_| fault("the configuration is not UTF-8".to_owned(), ""))?;
        Self::parse(text, path.parent().unwrap_or(Path::new("")))
    }

    fn parse(text: String, base: &Path) -> Result<Self, Faults> {
        let (root, errors) = DeTable::parse_recoverable(&text);
        if !errors.is_empty() {
            // Only where, and what was expected: the line itself may hold a secret.
            let faults = errors.iter().map(|error| {
                let (line, column) = place(&text, error.span().map_or(0, |span| span.start));
                let message = error.message().lines().next().unwrap_or("this is not TOML").to_owned();
                Fault { line, column, message, help: String::new() }
            });
            return Err(faults.collect());
        }
        let mut reading = Reading { text: &text, faults: Vec::new() };
        let root = Table::new("the configuration", root.get_ref(), 0..0);
        let read = read(&mut reading, root, base);
        let mut faults = reading.faults;
        match read {
            Some(read) if faults.is_empty() => Ok(Self { text, ..read }),
            _ => {
                faults.sort_by_key(|fault| (fault.line, fault.column));
                faults.dedup();
                Err(faults)
            }
        }
    }

    /// Who may call, with the tokens as they are now.
    ///
    /// # Errors
    /// Tokens that cannot be had.
    pub fn access(&self) -> Result<Access, Faults> {
        if self.tokens.is_empty() { Ok(Access::loopback()) } else { self.read_tokens().map(Access::of) }
    }

    /// The tokens as they are now: files are read again.
    ///
    /// # Errors
    /// Those that cannot be had; none of them is taken then.
    pub fn read_tokens(&self) -> Result<Vec<Token>, Faults> {
        let mut reading = Reading { text: &self.text, faults: Vec::new() };
        let tokens = self.tokens.iter().flat_map(|source| source.get(&mut reading)).collect();
        if reading.faults.is_empty() { Ok(tokens) } else { Err(reading.faults) }
    }

    /// Takes the secrets of channels as they are now: files are read again. How many there are.
    ///
    /// # Errors
    /// Those that cannot be had, or are none: such a channel signs as it did before.
    pub fn read_secrets(&self) -> Result<usize, Faults> {
        let mut reading = Reading { text: &self.text, faults: Vec::new() };
        let mut count = 0;
        for Signer { secret, channel } in &self.signers {
            match secret.get() {
                Err(missing) => reading.fault(&secret.span, missing.message, missing.help),
                Ok(secrets) => match channel.sign_with(&secrets) {
                    Ok(()) => count += secrets.len(),
                    Err(error) => reading.fault(&secret.span, format!("[workspace.http]: {error}"), ""),
                },
            }
        }
        if reading.faults.is_empty() { Ok(count) } else { Err(reading.faults) }
    }

    /// What the router is told.
    pub fn options(&self) -> Options {
        Options {
            limits: self.limits.clone(),
            metrics: None,
            trust_at: self.settings.trust_at,
            tiktok: self.tiktok.clone(),
            #[cfg(feature = "console")]
            console: true,
        }
    }

    /// Where a document and the country of its account do not agree, which is told at the start too.
    pub fn objections(&self) -> Vec<String> {
        let objection = |account: &Account| {
            let setup = self.workspaces.iter().find(|setup| setup.document.workspace.id == *account.workspace())?;
            let objection = account.objection_to(&setup.document)?;
            Some(format!("workspace `{}`: {objection}", account.workspace()))
        };
        self.tiktok.iter().filter_map(objection).collect()
    }

    /// Everything that is wrong with the documents, which starting would find one after another.
    pub fn document_faults(&self) -> Vec<String> {
        let compiled = self.workspaces.iter().filter_map(|setup| {
            let error = Engine::compile(setup.document.clone()).err()?;
            let first =
                error.faults().first().map_or(String::new(), |fault| format!(": {}: {}", fault.path, fault.message));
            let (id, count) = (&setup.document.workspace.id, error.faults().len());
            Some(format!("the document of workspace `{id}` has {count} faults, the first{first}"))
        });
        compiled.collect()
    }
}

impl TokenSource {
    fn get(&self, reading: &mut Reading<'_>) -> Vec<Token> {
        let secrets = self.secret.get().unwrap_or_else(|missing| {
            reading.fault(&self.secret.span, missing.message, missing.help);
            Vec::new()
        });
        let token = |secret: &String| {
            let token = Token::new(secret).limited_to(&self.scopes);
            match &self.workspace {
                Some(workspace) => token.only_for(workspace.clone()),
                None => token,
            }
        };
        secrets.iter().map(token).collect()
    }
}

fn read<'t>(reading: &mut Reading<'t>, mut root: Table<'t>, base: &Path) -> Option<Config> {
    let listen = root.text(reading, "listen");
    let listen_span = listen.as_ref().map_or(0..0, |listen| listen.span.clone());
    let listen = match &listen {
        None => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8787))),
        Some(listen) => read_address(reading, listen),
    };
    let nats = nats::read(reading, &mut root, base);
    let store = match root.several("store").as_slice() {
        [store] => read_store_value(reading, store, base).map(|store| match store {
            StoreAddress::Nats(NatsAddress { url, .. }) => {
                StoreAddress::Nats(NatsAddress { url, ..nats.unwrap_or_default() })
            }
            store => store,
        }),
        _ => {
            let help = "write `store = \"sqlite:chatsparks.db\"`";
            reading.fault(&(0..0), "the configuration: missing key `store`", help);
            None
        }
    };
    let partitions = root.whole(reading, "partitions", 1..=1_024).and_then(|count| u32::try_from(count).ok());
    let mut settings = Settings::default();
    if let Some(clock) = root.text(reading, "clock") {
        match clock.value {
            "wall" => settings.clock = ClockMode::Wall,
            "events" => settings.clock = ClockMode::Events,
            _ => reading.fault(&clock.span, "`clock`: expected `wall` or `events`", ""),
        }
    }
    if let Some(trust_at) = root.truth(reading, "trust_at") {
        settings.trust_at = trust_at.value;
    }
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    if let Some(batch) = root.whole(reading, "batch", 1..=100_000) {
        settings.batch = whole(batch);
    }
    if let Some(contacts) = root.whole(reading, "contacts_at_hand", 0..=100_000_000) {
        settings.contacts_at_hand = whole(contacts);
    }
    if let Some(days) = root.whole(reading, "records_days", 1..=36_500) {
        settings.records = Some(Duration::from_secs(days * 86_400));
    }
    if let Some(hours) = root.whole(reading, "retry_hours", 0..=8_784) {
        settings.retry = Duration::from_secs(hours * 3_600);
    }
    if let Some(concurrency) = root.whole(reading, "concurrency", 1..=10_000) {
        settings.concurrency = whole(concurrency);
    }
    if let Some(takeover) = root.whole(reading, "takeover_seconds", 1..=3_600) {
        settings.takeover = Duration::from_secs(takeover);
    }
    if let Some(listen) = listen {
        settings.address = listen.to_string();
    }
    let stop = root.whole(reading, "stop_seconds", 0..=3_600).unwrap_or(10);
    let limits = limits::read(reading, &mut root);
    let mut tokens = read_tokens(reading, &mut root, None, base);
    let mut shops = Shops::default();
    for table in root.tables(reading, "workspace", "[[workspace]]") {
        let read = read_workspace_table(reading, table, base, &mut shops, &mut tokens);
        settings.attempt = settings.attempt.max(read.map_or(Duration::ZERO, |timeout| timeout + BEYOND));
    }
    root.end(reading);
    // Whether each can be had is told with everything else.
    tokens.iter().for_each(|source| drop(source.get(reading)));
    if let Some(listen) = listen.filter(|listen| tokens.is_empty() && !listen.ip().is_loopback()) {
        let help = "add `api_token = { env = \"CHATSPARKS_TOKEN\" }`, or listen on 127.0.0.1";
        reading.fault(
            &listen_span,
            format!("without a token nothing listens beyond this machine, and {listen} is"),
            help,
        );
    }
    Some(Config {
        listen: listen?,
        store: store?,
        partitions,
        settings,
        limits,
        stop: Duration::from_secs(stop),
        workspaces: shops.setups,
        tiktok: shops.tiktok,
        text: String::new(),
        tokens,
        signers: shops.signers,
    })
}

fn read_address(reading: &mut Reading<'_>, listen: &At<&str>) -> Option<SocketAddr> {
    let written = match listen.value.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => listen.value.to_owned(),
    };
    let address = written.parse().ok();
    if address.is_none() {
        reading.fault(&listen.span, "`listen`: expected an address and a port, such as `127.0.0.1:8787`", "");
    }
    address
}

/// `api_token`: one, or several while one is changed for another.
fn read_tokens<'t>(
    reading: &mut Reading<'_>,
    table: &mut Table<'t>,
    workspace: Option<&WorkspaceId>,
    base: &Path,
) -> Vec<TokenSource> {
    let mut sources = Vec::new();
    for value in table.several("api_token") {
        let Some((secret, mut inner)) = Secret::read(reading, "api_token", value, "api_token", base) else { continue };
        let given = inner.texts(reading, "scopes");
        let mut scopes = Vec::new();
        for scope in &given {
            match scope.value.parse() {
                Ok(scope) => scopes.push(scope),
                Err(()) => reading.fault(&scope.span, "`scopes`: expected `ingest`, `read`, `act` or `admin`", ""),
            }
        }
        inner.end(reading);
        let scopes = if given.is_empty() { Scope::ALL.to_vec() } else { scopes };
        sources.push(TokenSource { secret, scopes, workspace: workspace.cloned() });
    }
    sources
}
