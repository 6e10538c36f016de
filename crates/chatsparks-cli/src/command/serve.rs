//! `chatsparks serve`: the service (H).

use crate::{
    failure::{Answer, Failure},
    terminal::{self, Terminal},
};
use chatsparks_jetstream::JetStreamStore;
use chatsparks_ports::{Store, SystemClock};
use chatsparks_postgres::PostgresStore;
use chatsparks_runtime::Runtime;
use chatsparks_server::{
    Access,
    config::{Config, EXAMPLE, Fault, StoreAddress},
};
use chatsparks_sqlite::SqliteStore;
use clap::Args;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Run the service: events in by HTTP, decisions kept, effects sent
///
/// Any backend in any language can use it as a sidecar: it posts events, reads records and state, and receives effects on
/// an endpoint of its own. What is acknowledged is decided exactly once, through crashes and restarts.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Serve {
    /// The configuration, in TOML
    #[arg(long, value_name = "FILE", required_unless_present = "example_config")]
    config: Option<PathBuf>,
    /// Say everything that is wrong with the configuration, and do nothing else
    #[arg(long, requires = "config")]
    check: bool,
    /// Print a commented configuration with every key
    #[arg(long, conflicts_with_all = ["config", "check"])]
    example_config: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks serve --example-config > serve.toml
  chatsparks serve --config serve.toml --check
  CHATSPARKS_TOKEN=$(openssl rand -hex 32) chatsparks serve --config serve.toml

It says on standard output where it listens, once it does, and on standard error what goes wrong. RUST_LOG=info or
RUST_LOG=debug says more; never what people wrote. SIGTERM and SIGINT stop it, SIGHUP reads files of tokens
and secrets again.

Exit status: 0 when it was told to stop, 1 when `--check` finds something wrong, 2 when it cannot run.";

impl Serve {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let mut out = terminal.out();
        let Some(path) = &self.config else {
            out.to.write_all(EXAMPLE.as_bytes())?;
            out.to.flush()?;
            return Ok(Answer::Done);
        };
        let config = match Config::read(path) {
            Ok(config) => config,
            Err(faults) if self.check => {
                write_faults(&mut out.to, path, &faults)?;
                return Ok(Answer::No);
            }
            Err(faults) => {
                write_faults(&mut terminal.err().to, path, &faults)?;
                return Err(Failure::new(format!("`{}` does not hold", path.display())));
            }
        };
        if self.check {
            let faults = config.document_faults();
            for fault in &faults {
                writeln!(out.to, "{}: {}", path.display(), terminal::shown(fault))?;
                writeln!(out.to, " help: `chatsparks check DOCUMENT` says all of it")?;
            }
            let address = address_fault(&config.store);
            if let Some(fault) = &address {
                writeln!(out.to, "{}: `store`: {}", path.display(), terminal::shown(fault))?;
            }
            let objections = config.objections();
            for objection in &objections {
                writeln!(out.to, "{}: warning: {}", path.display(), terminal::shown(objection))?;
            }
            let holds = faults.is_empty() && address.is_none();
            if holds {
                let otherwise = if objections.is_empty() { "nothing" } else { "nothing else" };
                writeln!(out.to, "{}: {otherwise} is wrong", path.display())?;
            }
            out.to.flush()?;
            return Ok(if holds { Answer::Done } else { Answer::No });
        }
        serve(config, terminal)
    }
}

/// What is wrong with a store's address, as far as it can be said without asking anybody.
fn address_fault(store: &StoreAddress) -> Option<String> {
    let read = match store {
        StoreAddress::Postgres(url) => chatsparks_postgres::Options::default().takes(url),
        StoreAddress::Nats(address) => chatsparks_jetstream::Options::from_url(&address.url).map(drop),
        _ => Ok(()),
    };
    read.err().map(|error| error.to_string())
}

/// Every fault with its place, as compilers write it, and what to do.
fn write_faults(to: &mut impl Write, path: &Path, faults: &[Fault]) -> io::Result<()> {
    for fault in faults {
        writeln!(to, "{}:{}", path.display(), terminal::shown(&fault.to_string()))?;
        if !fault.help.is_empty() {
            writeln!(to, " help: {}", terminal::shown(&fault.help))?;
        }
    }
    to.flush()
}

fn serve(config: Config, terminal: &Terminal) -> Result<Answer, Failure> {
    let level = if terminal.quiet { "error" } else { "warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    // Whoever has set another subscriber keeps it.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false).try_init();
    // Each connection needs a descriptor: as many as the system admits.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let tokio = tokio.map_err(|error| Failure::new(format!("no threads can be had: {error}")))?;
    let served = tokio.block_on(run(config, terminal));
    // What is still on its way is not waited for: it is kept, and goes on at the next start.
    tokio.shutdown_timeout(Duration::from_millis(200));
    served.map(|()| Answer::Done)
}

async fn run(config: Config, terminal: &Terminal) -> Result<(), Failure> {
    outlive_file_limits()?;
    let access = config.access().map_err(|_| Failure::new("a token was there and is gone"))?;
    // Before anything is touched: a second service on the same address does nothing at all.
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        let failure = Failure::new(format!("cannot listen on {}: {error}", config.listen));
        match error.kind() {
            io::ErrorKind::AddrInUse => failure.help("something else listens there: stop it, or choose another port"),
            _ => failure,
        }
    })?;
    match config.store.clone() {
        StoreAddress::Sqlite(path) => {
            let mut options = chatsparks_sqlite::Options::default();
            options.partitions = config.partitions;
            let opened = tokio::task::spawn_blocking({
                let path = path.clone();
                move || SqliteStore::open(path, options)
            });
            let store = opened.await.map_err(|_| Failure::new("the store cannot be opened: this is a bug of ours"))?;
            let cannot = |error| Failure::new(format!("cannot open the store `{}`: {error}", path.display()));
            serve_store(store.map_err(cannot)?, listener, access, config, terminal).await
        }
        StoreAddress::Postgres(url) => {
            let mut options = chatsparks_postgres::Options::default();
            options.partitions = config.partitions;
            let opened = PostgresStore::open(&url, options).await;
            // The address is not shown: a password may stand in it.
            let store =
                opened.map_err(|error| Failure::new(format!("cannot open the store in PostgreSQL: {error}")))?;
            serve_store(store, listener, access, config, terminal).await
        }
        StoreAddress::Nats(address) => {
            let cannot = |error| Failure::new(format!("cannot open the store on NATS: {error}"));
            let mut options = chatsparks_jetstream::Options::from_url(&address.url).map_err(cannot)?;
            options.partitions = config.partitions;
            (options.user, options.token, options.credentials) = (address.user, address.token, address.credentials);
            let store = JetStreamStore::open(options).await.map_err(cannot)?;
            serve_store(store, listener, access, config, terminal).await
        }
        _ => Err(Failure::new("this build has no such store")),
    }
}

/// Serves a store that is open.
async fn serve_store<S: Store>(
    store: S,
    listener: TcpListener,
    access: Access,
    config: Config,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let metrics = chatsparks_server::prometheus().map_err(|error| Failure::new(error.to_string()))?;
    let clock = Arc::new(SystemClock::default());
    let runtime = Runtime::start(Arc::new(store), clock, config.settings.clone(), config.workspaces.clone()).await;
    let runtime = runtime.map_err(|error| Failure::new(error.to_string()))?;
    let mut served = chatsparks_server::Serve::new(listener, runtime, access.clone());
    served.options = config.options();
    served.options.metrics = Some(metrics);
    served.within = config.stop;
    let stop = signals(config, access)?;
    if let Ok(address) = served.listener.local_addr() {
        let mut out = terminal.out();
        // Whether somebody reads it is their own matter.
        let _ = writeln!(out.to, "listening on http://{address}");
        let _ = out.to.flush();
    }
    chatsparks_server::serve(served, stop).await;
    Ok(())
}

/// R9: a file that reached the size that this process may write (`ulimit -f`) fails to be written, and does not end the
/// process, as the system would have it by default.
#[cfg(unix)]
fn outlive_file_limits() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    /// The same on every Unix that Rust knows.
    const SIGXFSZ: i32 = 25;
    // Once it is listened for it does nothing else, also when nobody listens any more.
    let heard = signal(SignalKind::from_raw(SIGXFSZ));
    heard.map(drop).map_err(|error| Failure::new(format!("signals cannot be heard: {error}")))
}

#[cfg(not(unix))]
fn outlive_file_limits() -> Result<(), Failure> {
    Ok(())
}

/// Done once the service is told to stop; meanwhile SIGHUP reads tokens and secrets again.
#[cfg(unix)]
fn signals(config: Config, access: Access) -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Failure::new(format!("signals cannot be heard: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let mut hang_up = listen(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
                _ = hang_up.recv() => read_again(&config, &access),
            }
        }
    })
}

#[cfg(not(unix))]
fn signals(_config: Config, _access: Access) -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        // Should it not be heard, the process is ended some other way.
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Takes the tokens and the channels' secrets that stand in their files now; where one cannot be had, those before stay.
fn read_again(config: &Config, access: &Access) {
    match config.read_tokens() {
        Ok(tokens) => {
            let count = tokens.len();
            access.replace(tokens);
            tracing::info!(count, "tokens were read again");
        }
        Err(faults) => {
            for fault in faults {
                tracing::error!(line = fault.line, "tokens stay as they were: {}", fault.message);
            }
        }
    }
    match config.read_secrets() {
        Ok(count) => tracing::info!(count, "secrets of channels were read again"),
        Err(faults) => {
            for fault in faults {
                tracing::error!(line = fault.line, "a channel signs as it did before: {}", fault.message);
            }
        }
    }
}
