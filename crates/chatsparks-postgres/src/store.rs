//! Opening a store, and what one is made of.

use crate::{
    append, commit,
    fault::{cut_off, of_pool, silent},
    gather::Gatherer,
    hosts::{self, InTurn, WAIT},
    load, log,
    news::News,
    room, route, schema, settle,
    statement::{begin, end, found, found_one, whole},
};
use chatsparks_core::WorkspaceId;
use chatsparks_ports::{Routed, StoreError};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime, Timeouts};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{runtime::Handle, time::timeout};
use tokio_postgres::{
    Config, Row,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How a store is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How many partitions each workspace has: fixed when the store is made. None: 64, or as many as it was made with;
    /// another number than that is refused.
    pub partitions: Option<u32>,
    /// The schema that its tables stand in; it is made where there is none.
    pub schema: String,
    /// Connections at most.
    pub connections: usize,
    /// How long a transaction may stand still before the server ends it, so that a process that is frozen holds up
    /// nobody for longer.
    pub stands_still: Duration,
    /// Whether a server that may lose what it acknowledged (`fsync = off`, `synchronous_commit = off`) is taken all the
    /// same: for measuring.
    #[doc(hidden)]
    pub may_lose: bool,
    /// How long the server may take over something small: for tests.
    #[doc(hidden)]
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            partitions: None,
            schema: "chatsparks".to_owned(),
            connections: 16,
            stands_still: Duration::from_secs(5),
            may_lose: false,
            patience: PATIENCE,
        }
    }
}

/// A store in a PostgreSQL database. Cloning it is cheap, and gives the same store.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) inner: Arc<Inner>,
    pub(crate) jobs: Arc<Jobs>,
}

/// What everything that runs shares.
pub(crate) struct Inner {
    pool: Pool,
    /// Connections that sort nothing which an index has in order.
    unsorted: Pool,
    pub(crate) home: Handle,
    pub(crate) config: Config,
    pub(crate) schema: String,
    pub(crate) partitions: u32,
    /// How long a transaction may stand still.
    pub(crate) stands_still: Duration,
    /// How long the server may take over something small.
    pub(crate) patience: Duration,
    /// Numbers of workspaces, which never change.
    workspaces: Mutex<HashMap<WorkspaceId, i32>>,
    /// The worker that this process is, once it has said so.
    worker: Mutex<Option<String>>,
    pub(crate) news: News,
}

/// What is gathered. Apart from the rest: those who do the work hold that, and end when nobody can ask any more.
pub(crate) struct Jobs {
    pub(crate) append: Gatherer<append::Job, append::Done>,
    pub(crate) read: Gatherer<log::ReadJob, Vec<Row>>,
    /// What is too large to be read with what others want, one after the other.
    pub(crate) read_large: Gatherer<log::ReadJob, Vec<Row>>,
    pub(crate) load: Gatherer<load::Job, load::Rows>,
    pub(crate) drawn: Gatherer<room::Look, u64>,
    pub(crate) commit: Gatherer<commit::Job, ()>,
    pub(crate) begin: Gatherer<settle::Begin, bool>,
    pub(crate) settle: Gatherer<settle::Settle, bool>,
}

/// How long the server may take over what takes a moment: twice as long as it may wait for a lock. Beyond that it is frozen,
/// which the way to it does not tell, since its kernel still acknowledges what it is sent.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections that do not sort: one for what partitions load, of whom as many as ask are answered at once, and others for
/// what waits to be performed.
const UNSORTED: usize = 3;
/// Workspaces remembered.
const REMEMBERED: usize = 100_000;

impl PostgresStore {
    /// Opens the store in a database, and makes it where there is none. `url`: as libpq has it, several hosts included;
    /// then name `target_session_attrs=read-write`, so that a failover is followed. Beyond this machine TLS is used where
    /// the server offers it, and its certificate has to hold; `sslmode=require` insists on it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached; [`StoreError::Unusable`] when it is too old, a standby, may
    /// lose what it acknowledged, or holds a store of a newer version or of another number of partitions.
    pub async fn open(url: &str, options: Options) -> Result<Self, StoreError> {
        let home = Handle::current();
        let config = configured(url, &options)?;
        let pool = pool(&config, options.connections.max(4))?;
        let client = pool.get().await.map_err(|error| of_pool(&error))?;
        schema::check_server(&client, options.may_lose).await?;
        let asked = options.partitions;
        let schema = options.schema.clone();
        let partitions = whole(client, async |client| schema::prepare(client, &schema, asked).await).await?;
        let inner = Arc::new(Inner {
            pool,
            unsorted: self::pool(&with_options(config.clone(), &["enable_sort=off".to_owned()]), UNSORTED)?,
            home: home.clone(),
            config,
            schema: options.schema,
            partitions,
            stands_still: options.stands_still,
            patience: options.patience,
            workspaces: Mutex::default(),
            worker: Mutex::default(),
            news: News::default(),
        });
        let jobs = Jobs {
            append: gathered(&inner, 1, append::weight, append::run),
            read: gathered(&inner, 1, log::weight, log::read_logs),
            read_large: gathered(&inner, 1, |_| usize::MAX, log::read_large),
            load: gathered(&inner, 1, load::weight, load::run),
            drawn: gathered(&inner, 1, |_| 1, room::look),
            commit: gathered(&inner, 1, commit::weight, commit::run),
            begin: gathered(&inner, 1, |_| 1, settle::begin),
            settle: gathered(&inner, 1, |_| 1, settle::settle),
        };
        Ok(Self { inner, jobs: Arc::new(jobs) })
    }

    pub(crate) fn partition_count(&self) -> u32 {
        self.inner.partitions
    }

    /// Does something with a connection of its own, where the connections live.
    pub(crate) async fn with<T, W, F>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Inner>, Object) -> F + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        self.with_one_of(|inner| &inner.pool, work).await
    }

    /// Does something that takes a moment, with a connection of its own, where the connections live: whatever is not done
    /// in time is not waited for (S1), and its connection is not used again.
    pub(crate) async fn brief<T, W, F>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Inner>, Arc<Object>) -> F + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        self.with(|inner, client| in_time(inner, client, work)).await
    }

    /// The same, with a connection on which nothing is [sorted](Inner::unsorted).
    pub(crate) async fn brief_unsorted<T, W, F>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Inner>, Arc<Object>) -> F + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        self.with_one_of(|inner| &inner.unsorted, |inner, client| in_time(inner, client, work)).await
    }

    async fn with_one_of<T, W, F>(&self, pool: fn(&Inner) -> &Pool, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(Arc<Inner>, Object) -> F + Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let inner = self.inner.clone();
        let done = self.inner.home.spawn(async move {
            let client = pool(&inner).get().await.map_err(|error| of_pool(&error))?;
            work(inner, client).await
        });
        done.await.map_err(|_| cut_off())?
    }

    /// Lets events go on that need not wait any longer.
    pub(crate) async fn forwarded(&self, owned: route::Owned) -> Result<Routed, StoreError> {
        self.with(move |inner, client| async move { route::forward(&inner, client, &owned).await }).await
    }
}

async fn in_time<T, W, F>(inner: Arc<Inner>, client: Object, work: W) -> Result<T, StoreError>
where
    W: FnOnce(Arc<Inner>, Arc<Object>) -> F,
    F: Future<Output = Result<T, StoreError>>,
{
    let client = Arc::new(client);
    let done = timeout(inner.patience, work(inner.clone(), client.clone())).await;
    if done.is_err() {
        drop(Arc::into_inner(client).map(Object::take));
    }
    done.unwrap_or_else(|_| Err(silent()))
}

fn gathered<J, A, W, F>(inner: &Arc<Inner>, hands: usize, weigh: fn(&J) -> usize, work: W) -> Gatherer<J, A>
where
    J: Send + 'static,
    A: Send + 'static,
    W: Fn(Arc<Inner>, Vec<J>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Vec<Result<A, StoreError>>, StoreError>> + Send + 'static,
{
    let shared = inner.clone();
    Gatherer::start(&inner.home, hands, weigh, move |jobs| work(shared.clone(), jobs))
}

impl Inner {
    /// A connection that nobody else uses meanwhile.
    pub(crate) async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| of_pool(&error))
    }

    /// A connection on which nothing is sorted that could be read in its order, so that it is read by the index that has it.
    pub(crate) async fn unsorted(&self) -> Result<Object, StoreError> {
        self.unsorted.get().await.map_err(|error| of_pool(&error))
    }

    /// The number of a workspace; none: there is nothing of it.
    pub(crate) async fn known(&self, client: &Object, id: &WorkspaceId) -> Result<Option<i32>, StoreError> {
        if let Some(number) = self.remembered(id) {
            return Ok(Some(number));
        }
        let name = crate::form::key(id.as_str());
        let row = found_one(client, "SELECT number FROM workspace WHERE id = $1", &[&&*name]).await?;
        let number: Option<i32> = row.map(|row| row.get(0));
        if let Some(number) = number {
            self.remember(id, number);
        }
        Ok(number)
    }

    /// The number of a workspace, which gets one, and a row for each partition, where it has none.
    ///
    /// INVARIANT: this is a transaction of its own: no number is remembered that is not durable.
    pub(crate) async fn number(&self, client: &Object, id: &WorkspaceId) -> Result<i32, StoreError> {
        if let Some(number) = self.known(client, id).await? {
            return Ok(number);
        }
        let (name, last) = (crate::form::key(id.as_str()), crate::form::small(self.partitions) - 1);
        begin(client).await?;
        found(client, "INSERT INTO workspace (id) VALUES ($1) ON CONFLICT DO NOTHING", &[&&*name]).await?;
        let row = found_one(client, "SELECT number FROM workspace WHERE id = $1", &[&&*name]).await?;
        let number: i32 = row.map(|row| row.get(0)).ok_or_else(cut_off)?;
        for table in ["shard", "log_end", "settled_count"] {
            let sql = format!(
                "INSERT INTO {table} (workspace, partition) SELECT $1, generate_series(0, $2) ON CONFLICT DO NOTHING"
            );
            found(client, &sql, &[&number, &last]).await?;
        }
        end(client).await?;
        self.remember(id, number);
        Ok(number)
    }

    fn remembered(&self, id: &WorkspaceId) -> Option<i32> {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    fn remember(&self, id: &WorkspaceId, number: i32) {
        let mut known = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(id.clone(), number);
    }

    /// The worker that this process is; none: nothing is shared out.
    pub(crate) fn worker(&self) -> Option<String> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_worker(&self, name: &str) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.as_deref() != Some(name) {
            *worker = Some(name.to_owned());
        }
    }

    /// All partitions, as PostgreSQL has them.
    pub(crate) fn all_partitions(&self) -> Vec<i32> {
        (0..crate::form::small(self.partitions)).collect()
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PostgresStore").field("schema", &self.inner.schema).finish_non_exhaustive()
    }
}

impl Options {
    /// Whether this is an address of a database, as far as it can be said without asking anybody.
    ///
    /// ```
    /// let options = chatsparks_postgres::Options::default();
    /// assert!(options.takes("postgres://chatsparks@db1,db2/chatsparks?target_session_attrs=read-write").is_ok());
    /// assert!(options.takes("postgres://chatsparks@db:port/chatsparks").is_err());
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Unusable`] for what is none. It is not repeated: a password may stand in it.
    pub fn takes(&self, url: &str) -> Result<(), StoreError> {
        configured(url, self).map(drop)
    }
}

/// How connections are made.
fn configured(url: &str, options: &Options) -> Result<Config, StoreError> {
    // What is wrong with it may repeat a password.
    let unusable =
        |_| StoreError::Unusable("the address of the database is not as `postgres://user@host/database`".to_owned());
    let mut config: Config = url.parse().map_err(unusable)?;
    let is_plain =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_plain(&options.schema) {
        return Err(StoreError::Unusable("a schema's name has letters, digits and `_`".to_owned()));
    }
    let settings = [
        format!("search_path={}", options.schema),
        format!("idle_in_transaction_session_timeout={}", options.stands_still.as_millis()),
        "lock_timeout=15s".to_owned(),
        // Whatever a statement takes it finds by its key, one after the other. Statistics of tables that were empty a moment ago
        // would have them read whole, or whatever begins with the same workspace and partition.
        "enable_seqscan=off".to_owned(),
        "enable_bitmapscan=off".to_owned(),
        "enable_hashjoin=off".to_owned(),
        "enable_mergejoin=off".to_owned(),
        "jit=off".to_owned(),
        // Every statement takes lists, and is planned alike whatever is in them: planning it anew costs as much as running it.
        "plan_cache_mode=force_generic_plan".to_owned(),
    ];
    config = with_options(config, &settings);
    if config.get_application_name().is_none() {
        config.application_name("chatsparks");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    config.keepalives_idle(Duration::from_secs(30));
    config.tcp_user_timeout(Duration::from_secs(15));
    let is_near = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    if config.get_ssl_mode() == SslMode::Prefer && config.get_hosts().iter().all(is_near) {
        config.ssl_mode(SslMode::Disable);
    }
    Ok(config)
}

/// The same, with more settings of the server's.
fn with_options(mut config: Config, settings: &[String]) -> Config {
    let settings = settings.iter().map(|setting| format!("-c {setting}"));
    let given = config.get_options().map(str::to_owned);
    config.options(given.into_iter().chain(settings).collect::<Vec<_>>().join(" "));
    config
}

/// How TLS is spoken, by what the system trusts.
pub(crate) fn tls() -> Result<MakeRustlsConnect, StoreError> {
    let cannot = |error: rustls::Error| StoreError::Unusable(format!("TLS cannot be spoken: {error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(cannot)?;
    Ok(MakeRustlsConnect::new(builder.with_platform_verifier().map_err(cannot)?.with_no_client_auth()))
}

fn pool(config: &Config, connections: usize) -> Result<Pool, StoreError> {
    let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_connect(config.clone(), InTurn(tls()?), how);
    let timeouts = Timeouts { wait: Some(WAIT), create: Some(WAIT), recycle: Some(WAIT) };
    // The connection that was used last goes first: what is prepared on it, and what the server knows there, is warm.
    let pool = Pool::builder(manager).max_size(connections).queue_mode(QueueMode::Lifo);
    let pool = pool.runtime(Runtime::Tokio1).timeouts(timeouts).build();
    pool.map_err(|error| StoreError::Unusable(error.to_string()))
}

/// A connection that is used for one thing, and not given back.
pub(crate) async fn lone(inner: &Inner) -> Result<tokio_postgres::Client, StoreError> {
    let (client, connection) = hosts::connect(&inner.config, tls()?).await?;
    // It ends with the client.
    inner.home.spawn(async move { drop(connection.await) });
    Ok(client)
}
