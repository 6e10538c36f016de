//! The platform: takes what the service sends, does it once, and says so.

use crate::failure::Failure;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use serde_json::Value;
use standardwebhooks::Webhook;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::AbortHandle,
};

/// Something that was done.
#[derive(Clone)]
pub(crate) struct Done {
    /// The effect's id.
    pub(crate) effect: String,
    /// When, on the machine's clock.
    pub(crate) when: Instant,
}

/// What was done, in its order, and how often it was asked for.
#[derive(Default)]
pub(crate) struct Book {
    /// In the order it was done.
    pub(crate) done: Vec<Done>,
    /// By the key that each is sent with.
    keys: BTreeMap<String, usize>,
    /// What was asked for again, and not done again.
    pub(crate) repeated: u64,
    /// What was not signed by the service.
    pub(crate) forged: u64,
}

/// The platform, for as long as this lives.
pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    book: Arc<Mutex<Book>>,
    news: UnboundedReceiver<Value>,
    task: AbortHandle,
}

struct Door {
    book: Arc<Mutex<Book>>,
    key: Webhook,
    tell: UnboundedSender<Value>,
}

impl Platform {
    /// Begins to listen.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) async fn start(secret: &str) -> Result<Self, Failure> {
        let cannot = |error: &dyn std::fmt::Display| Failure::new(format!("the platform cannot listen: {error}"));
        let key = Webhook::new(secret).map_err(|error| cannot(&error))?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| cannot(&error))?;
        let address = listener.local_addr().map_err(|error| cannot(&error))?;
        let (tell, news) = unbounded_channel();
        let book = Arc::new(Mutex::new(Book::default()));
        let door = Arc::new(Door { book: book.clone(), key, tell });
        let app = Router::new().route("/effects", post(take)).with_state(door);
        let task = tokio::spawn(async move {
            // It ends when it is told to.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, book, news, task: task.abort_handle() })
    }

    /// What was done since this was last asked.
    pub(crate) fn news(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.news.try_recv().ok()).collect()
    }

    /// Looks into its book.
    pub(crate) fn book<T>(&self, look: impl FnOnce(&Book) -> T) -> T {
        look(&self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes an effect: verified, remembered by its key, and done if it was not before.
async fn take(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut book = door.book.lock().unwrap_or_else(PoisonError::into_inner);
    if door.key.verify(&body, &headers).is_err() {
        book.forged += 1;
        return StatusCode::UNAUTHORIZED;
    }
    let key = headers.get("webhook-id").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    if book.keys.contains_key(&key) {
        book.repeated += 1;
        return StatusCode::OK;
    }
    let effect = asked["effect"]["id"].as_str().unwrap_or_default().to_owned();
    let place = book.done.len();
    book.keys.insert(key, place);
    book.done.push(Done { effect, when: Instant::now() });
    // Nobody listens only once the day is over.
    let _ = door.tell.send(asked);
    StatusCode::OK
}
