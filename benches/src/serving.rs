//! What the measurements of the service begin with: a shop, a store in a real file, and clients who ask over real sockets.

use axum::Router;
use chatsparks_core::workspace::Workspace;
use chatsparks_runtime::Runtime;
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::build::workspace;
use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a measurement may say instead.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What is added to each sync where rates are compared, so that the disk's own speed does not decide.
pub const SYNC: Duration = Duration::from_millis(1);

/// A folder on the disk, and not in memory, as a temporary directory may be.
///
/// # Errors
/// When none can be made.
pub fn folder() -> Result<TempDir> {
    Ok(tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"))?)
}

/// The file of a folder's store.
pub fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("store.db")
}

/// A folder's store. `sync_takes`: how much longer each sync takes than the disk does.
///
/// # Errors
/// When it cannot be opened.
pub fn open(folder: &TempDir, sync_takes: Duration) -> Result<SqliteStore> {
    let mut options = Options::default();
    options.sync_takes = sync_takes;
    Ok(SqliteStore::open(file(folder), options)?)
}

/// A shop with thirty triggers that nothing fires, and one that asks for the price.
pub fn shop() -> Workspace {
    let words = (0..30).fold(workspace(), |shop, n| {
        let word = format!("word{n}");
        shop.says(&format!("f{n}"), "hello").trigger(&format!("t{n}"), &[word.as_str()], &format!("f{n}"))
    });
    words.says("price", "It is 590 THB, shall I send you the link?").trigger("price", &["price"], "price").build()
}

/// What somebody comments: one in three asks for the price.
pub fn text(n: usize) -> &'static str {
    if n.is_multiple_of(3) { "what is the price please" } else { "so beautiful, I want to see more of it" }
}

/// Waits until everything that was accepted is decided and committed.
pub async fn settled(runtime: &Runtime<SqliteStore>) {
    while runtime.health().await.shards.iter().any(|shard| shard.lag > 0) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How many requests a second were answered `200`: those of each connection one after another, all connections at once.
/// They are written before the clock runs.
///
/// # Errors
/// When any is answered otherwise.
pub async fn answered(app: Router, connections: Vec<Vec<String>>) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let count: usize = connections.iter().map(Vec::len).sum();
    let began = Instant::now();
    let clients: Vec<_> = connections
        .into_iter()
        .map(|requests| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut answer = Vec::new();
                for request in requests {
                    stream.write_all(request.as_bytes()).await?;
                    one_answer(&mut stream, &mut answer).await?;
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(())
            })
        })
        .collect();
    for client in clients {
        client.await??;
    }
    let took = began.elapsed();
    server.abort();
    Ok(count as f64 / took.as_secs_f64())
}

/// Reads one answer to its end; anything but `200` is an error.
async fn one_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<()> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err("the server hung up".into());
        }
        let text = String::from_utf8_lossy(answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if !head.starts_with("HTTP/1.1 200") {
            return Err(text.into_owned().into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if body.len() >= length.parse()? {
            return Ok(());
        }
    }
}

/// A log as one writes it first: a transaction for each request, as durable as ours.
#[derive(Clone, Debug)]
pub struct Plain(Arc<Mutex<rusqlite::Connection>>);

impl Plain {
    /// One in a folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(folder: &TempDir) -> Result<Self> {
        let connection = rusqlite::Connection::open(file(folder))?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch("CREATE TABLE log (position INTEGER PRIMARY KEY, form BLOB NOT NULL)")?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Whether a request's body was logged.
    pub async fn log(self, body: Vec<u8>) -> bool {
        let written = tokio::task::spawn_blocking(move || {
            let Ok(connection) = self.0.lock() else { return false };
            let inserted = connection.prepare_cached("INSERT INTO log (form) VALUES (?1)");
            let inserted = inserted.and_then(|mut insert| insert.execute([body]));
            std::thread::sleep(SYNC);
            inserted.is_ok()
        });
        written.await.unwrap_or(false)
    }
}
