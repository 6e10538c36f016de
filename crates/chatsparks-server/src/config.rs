//! The configuration of `chatsparks serve`: TOML, everything wrong in it told at once, each thing with its place and what
//! to do (H).

use crate::{Access, Limits, Options, Scope, Token};
use chatsparks_core::{Engine, WorkspaceId, workspace::Workspace};
use chatsparks_http_channel::{Endpoint, HttpChannel};
use chatsparks_ports::DynChannel;
use chatsparks_replay::{Format, document::MAX_DOCUMENT, read_workspace};
use chatsparks_runtime::{ClockMode, Rate, Settings, WorkspaceSetup};
use chatsparks_tiktok::Account;
use secret::{Secret, reason};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fmt, fs,
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use table::{At, Reading, Table, place};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

mod limits;
mod nats;
mod secret;
mod table;
mod tiktok;

pub use nats::NatsAddress;

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

/// Where everything is kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreAddress {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A database of PostgreSQL, by its address, in which a password may stand.
    Postgres(String),
    /// Servers of NATS with JetStream.
    Nats(NatsAddress),
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => out.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => out.write_str("Postgres(..)"),
            Self::Nats(address) => out.debug_tuple("Nats").field(address).finish(),
        }
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

/// What signs effects: its secrets, and the channel that was made with them.
struct Signer {
    secret: Secret,
    channel: Arc<HttpChannel>,
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

/// `store`: an address, or where one stands that has a password.
fn read_store_value<'t>(
    reading: &mut Reading<'_>,
    value: &'t Spanned<DeValue<'t>>,
    base: &Path,
) -> Option<StoreAddress> {
    let span = value.span();
    if let Some(value) = value.get_ref().as_str() {
        let has_password = |address: &str| {
            let user = address.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
            user.is_some_and(|(user, _)| user.contains(':')) || address.contains("password=")
        };
        if has_password(value) && !is_nats(value) {
            let help = "write `store = { env = \"CHATSPARKS_STORE\" }`, and the address there";
            reading.fault(&span, "`store`: a password never stands in the configuration itself", help);
            return None;
        }
        return read_store(reading, &At { value, span }, base);
    }
    let (secret, table) = Secret::read(reading, "store", value, "store", base)?;
    table.end(reading);
    let found = secret.get().map_err(|missing| reading.fault(&span, missing.message, missing.help)).ok()?;
    read_store(reading, &At { value: found.first()?.as_str(), span }, base)
}

fn is_nats(address: &str) -> bool {
    address.starts_with("nats:") || address.starts_with("tls:")
}

fn read_store(reading: &mut Reading<'_>, store: &At<&str>, base: &Path) -> Option<StoreAddress> {
    match store.value.split_once(':') {
        Some(("postgres" | "postgresql", _)) => return Some(StoreAddress::Postgres(store.value.to_owned())),
        Some(("sqlite", path)) if !path.is_empty() => {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Some(StoreAddress::Sqlite(base.join(path)));
        }
        Some(("nats" | "tls", rest)) if rest.contains('@') => {
            let help = "name user and password, token or credentials under `[nats]`";
            reading.fault(&store.span, "`store`: a password never stands in the configuration itself", help);
        }
        Some(("nats" | "tls", _)) => {
            let url = store.value.to_owned();
            return Some(StoreAddress::Nats(NatsAddress { url, ..NatsAddress::default() }));
        }
        // The address is not shown: a password may stand in it.
        _ => {
            let message = "`store`: expected `sqlite:` and the path of a file, `postgres://` and a database, or `nats://` and \
                           servers";
            reading.fault(&store.span, message, "");
        }
    }
    None
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

/// The workspaces so far, and what no two of them may share.
#[derive(Default)]
struct Shops {
    setups: Vec<WorkspaceSetup>,
    tiktok: Vec<Account>,
    ids: BTreeMap<String, WorkspaceId>,
    accounts: BTreeMap<(&'static str, String), WorkspaceId>,
    signers: Vec<Signer>,
}

impl Shops {
    /// H5: one account in two workspaces is refused.
    fn account(&mut self, reading: &mut Reading<'_>, of: (&'static str, &str), at: (&WorkspaceId, &Range<usize>)) {
        let (id, span) = at;
        if let Some(other) = self.accounts.insert((of.0, of.1.to_owned()), id.clone()) {
            let message = format!("the {} `{}` stands in two workspaces, `{other}` and `{id}`", of.0, of.1);
            reading.fault(span, message, "an account belongs to one workspace: take it out of the other");
        }
    }
}

/// Reads a workspace; how long an attempt of its channel may take.
fn read_workspace_table<'t>(
    reading: &mut Reading<'_>,
    mut table: Table<'t>,
    base: &Path,
    shops: &mut Shops,
    tokens: &mut Vec<TokenSource>,
) -> Option<Duration> {
    let document = table.needed(reading, "document", "write `document = \"FILE\"`");
    let read = document.as_ref().and_then(|document| read_document(reading, document, base));
    let id = read.as_ref().map(|(workspace, _)| workspace.workspace.id.clone());
    // Everything else is looked at even where the document cannot be read.
    let placeholder = WorkspaceId::from("");
    tokens.extend(read_tokens(reading, &mut table, Some(id.as_ref().unwrap_or(&placeholder)), base));
    let quota = table.text(reading, "quota").and_then(|quota| read_rate(reading, "quota", &quota));
    let outbound = table.text(reading, "outbound");
    let http = table.table(reading, "http", "[workspace.http]");
    let wanted = outbound.as_ref().map_or("none", |outbound| outbound.value);
    let span = table.span.clone();
    let (accounts, named) = tiktok::read(reading, &mut table, base);
    let mut channel = None;
    match (wanted, http) {
        // TikTok has no place for what is told to the inbox and the owners: it goes there.
        ("http" | "tiktok", Some(http)) => channel = read_http(reading, http, true, base),
        ("tiktok", None) => {}
        ("http", None) => {
            let span = outbound.as_ref().map_or(&span, |outbound| &outbound.span);
            reading.fault(
                span,
                "`outbound` is `http`, and there is no `[workspace.http]`",
                "add it, with `url` and `secret`",
            );
        }
        ("none", http) => drop(http.map(|http| read_http(reading, http, false, base))),
        (_, http) => {
            http.map(|http| read_http(reading, http, false, base));
            let span = outbound.as_ref().map_or(&span, |outbound| &outbound.span);
            let help = "`tiktok` sends, `http` posts effects to an endpoint of your own; with `none` they wait";
            reading.fault(span, "`outbound`: expected `tiktok`, `http` or `none`", help);
        }
    }
    let sends = accounts.as_ref().is_some_and(tiktok::Accounts::sends);
    if wanted == "tiktok" && !sends {
        let span = outbound.as_ref().map_or(&span, |outbound| &outbound.span);
        let help = "add it, with `business_id`, `client_key` and `client_secret`";
        reading.fault(span, "`outbound` is `tiktok`, and there is no `[workspace.tiktok]`", help);
    }
    let rates = accounts.as_ref().map(|accounts| accounts.rates.clone()).unwrap_or_default();
    let rates: Vec<Rate> = rates.iter().filter_map(|rate| read_rate(reading, "rate", rate)).collect();
    table.end(reading);
    let (workspace, digest) = read?;
    let id = workspace.workspace.id.clone();
    let span = document.map_or(span, |document| document.span);
    if shops.ids.insert(id.to_string(), id.clone()).is_some() {
        reading.fault(&span, format!("workspace `{id}` is there twice"), "each document has an id of its own");
    } else {
        let account = workspace.workspace.account_user_id.as_str();
        if !account.is_empty() {
            shops.account(reading, ("account", account), (&id, &span));
        }
        for (what, account) in &named {
            if let Some(account) = account {
                shops.account(reading, (what, account.value), (&id, &account.span));
            }
        }
    }
    let account = accounts.and_then(|accounts| accounts.account(reading, &workspace, &id));
    let mut setup = WorkspaceSetup::new(workspace, digest);
    setup.quota = quota;
    let timeout = channel.as_ref().map(|(.., within)| *within);
    if wanted == "tiktok" {
        if let Some(account) = account.as_ref().filter(|_| sends) {
            let notices = channel.map(|(signer, ..)| {
                let notices: Arc<dyn DynChannel> = signer.channel.clone();
                shops.signers.push(signer);
                notices
            });
            setup.channel = Some(Arc::new(account.channel(notices)));
            setup.rates = rates;
        }
    } else if let Some((signer, rates, _)) = channel {
        setup.channel = Some(signer.channel.clone());
        shops.signers.push(signer);
        setup.rates = rates;
    }
    shops.tiktok.extend(account);
    shops.setups.push(setup);
    timeout
}

fn read_document(reading: &mut Reading<'_>, document: &At<&str>, base: &Path) -> Option<(Workspace, String)> {
    let path = base.join(document.value);
    let shown = path.display();
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("the document `{shown}` cannot be read: {}", reason(&error));
            reading.fault(&document.span, message, "paths are taken from where the configuration stands");
            return None;
        }
    };
    if bytes.len() > MAX_DOCUMENT {
        reading.fault(&document.span, format!("the document `{shown}` is longer than 64 MiB"), "");
        return None;
    }
    match read_workspace(&bytes, Format::of(&path)) {
        Ok(workspace) => Some((workspace, hex(&Sha256::digest(&bytes)))),
        Err(error) => {
            let help = format!("`chatsparks check {shown}` says everything that is wrong with it");
            reading.fault(&document.span, format!("the document `{shown}` cannot be read: {error}"), help);
            None
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_rate(reading: &mut Reading<'_>, key: &str, rate: &At<&str>) -> Option<Rate> {
    let read = rate.value.parse();
    read.map_err(|error| reading.fault(&rate.span, format!("`{key}`: {error}"), "")).ok()
}

type Http = (Signer, Vec<Rate>, Duration);

/// `[workspace.http]`; its secret is only asked for where it is used.
fn read_http(reading: &mut Reading<'_>, mut table: Table<'_>, used: bool, base: &Path) -> Option<Http> {
    let url = table.needed(reading, "url", "write `url = \"http://127.0.0.1:9000/effects\"`");
    let values = table.several("secret");
    let secret = match values.as_slice() {
        [] => {
            let help = "write `secret = { env = \"EFFECTS_SECRET\" }`";
            let span = table.span.clone();
            reading.fault(&span, "[workspace.http]: missing key `secret`", help);
            None
        }
        [value] => read_secret(reading, "secret", value, base),
        [first, ..] => {
            reading.fault(
                &first.span(),
                "`secret`: expected one",
                "a file may hold two, one a line, while it is changed",
            );
            None
        }
    };
    let rates = table.texts(reading, "rate");
    let rates = rates.iter().filter_map(|rate| read_rate(reading, "rate", rate)).collect();
    let timeout = Duration::from_secs(table.whole(reading, "timeout_seconds", 1..=600).unwrap_or(10));
    table.end(reading);
    let (url, secret) = (url?, secret?);
    if !used {
        return None;
    }
    let secrets = secret.get().map_err(|missing| reading.fault(&secret.span, missing.message, missing.help)).ok()?;
    let mut secrets = secrets.iter();
    let mut endpoint = Endpoint::new(url.value, secrets.next()?);
    for further in secrets {
        endpoint = endpoint.and_then(|endpoint| endpoint.signed_too(further));
    }
    let channel = endpoint.and_then(|endpoint| HttpChannel::new(endpoint.within(timeout)));
    match channel {
        Ok(channel) => Some((Signer { channel: Arc::new(channel), secret }, rates, timeout)),
        Err(error) => {
            let at =
                if matches!(error, chatsparks_http_channel::EndpointError::Secret) { &secret.span } else { &url.span };
            reading.fault(at, format!("[workspace.http]: {error}"), "");
            None
        }
    }
}

fn read_secret<'t>(
    reading: &mut Reading<'_>,
    key: &'static str,
    value: &'t Spanned<DeValue<'t>>,
    base: &Path,
) -> Option<Secret> {
    let (secret, table) = Secret::read(reading, key, value, key, base)?;
    table.end(reading);
    Some(secret)
}

#[cfg(test)]
mod tests;
