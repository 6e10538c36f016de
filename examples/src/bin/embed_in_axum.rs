//! ChatSparks inside a web application of your own, which it shares a process, a port and a stop with.
//!
//! `CHATSPARKS_TOKEN=secret cargo run -p chatsparks-examples --bin embed_in_axum`
//!
//! The application has a handler of its own, to which a shop's page posts comments; under `/chatsparks` are all calls of
//! `chatsparks serve`: records, state, the queue, documents. Everything lies in `shop.db`, or in the file that is named.

// An example speaks to whoever reads it.
#![allow(clippy::print_stdout)]

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chatsparks::{
    Event, NewEvent, Service, Workspace,
    channel::{Attempt, Channel, Delivery},
    event::Comment,
    id::WorkspaceId,
    server::{Access, Token},
    store::SqliteStore,
};
use serde::Deserialize;
use std::{env, error::Error, time::Duration};
use tokio::net::TcpListener;

/// What a shop owner writes. In a real program it comes from a database or a file.
const WORKSPACE: &str = r#"{
  "workspace": { "id": "glow", "name": "Glow Cosmetics", "account_user_id": "acct_glow" },
  "triggers": [ { "id": "price", "when": { "keywords": { "words": ["price", "ราคา"] } }, "flow": "answer" } ],
  "flows": [ { "id": "answer", "version": 1, "blocks": [
      { "id": "hello", "message": { "text": "Hi {{handle}}! It is 590 THB." } } ] } ]
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).unwrap_or_else(|| "shop.db".to_owned());
    let token = env::var("CHATSPARKS_TOKEN").map_err(|_| "set CHATSPARKS_TOKEN to a long secret")?;
    let document: Workspace = serde_json::from_str(WORKSPACE)?;
    let workspace = document.workspace.id.clone();
    let service = Service::builder().sqlite(file).workspace(document, Teller).start().await?;

    let shop = Shop { workspace, service: service.clone() };
    let app = Router::new()
        .route("/", get(async || "Glow Cosmetics"))
        .route("/comments", post(commented))
        .with_state(shop)
        .nest("/chatsparks", service.router(Access::of(vec![Token::new(&token)])));

    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).with_graceful_shutdown(told_to_stop()).await?;
    // What was accepted and is not decided yet goes on at the next start.
    service.stop(Duration::from_secs(10)).await;
    println!("stopped");
    Ok(())
}

/// What the application's own handlers know.
#[derive(Clone)]
struct Shop {
    workspace: WorkspaceId,
    service: Service<SqliteStore>,
}

/// A comment, as the shop's own page posts it.
#[derive(Deserialize)]
struct Posted {
    id: String,
    post: String,
    buyer: String,
    text: String,
}

/// The application's own way in: what it answers `202` is durable, and is decided exactly once.
async fn commented(State(shop): State<Shop>, Json(posted): Json<Posted>) -> Response {
    let comment = Comment {
        comment_id: posted.id.as_str().into(),
        post_id: posted.post.into(),
        user_id: format!("buyer-{}", posted.buyer).into(),
        handle: Some(posted.buyer.into()),
        text: posted.text.into(),
        posted_at: None,
        reply_to: None,
        direct_reply: false,
    };
    // The id is the comment's: when the page posts it again, nothing happens twice. The instant is stamped on arrival.
    let event = NewEvent { id: posted.id.into(), at: None, event: Event::Comment(comment) };
    match shop.service.accept(&shop.workspace, vec![event]).await {
        Ok(_) => StatusCode::ACCEPTED.into_response(),
        // Nothing was taken, and the page may post it again.
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// Tells what would be sent.
struct Teller;

impl Channel for Teller {
    async fn perform(&self, delivery: &Delivery) -> Attempt {
        println!("to be sent: {}", delivery.key.id);
        Attempt::Sent
    }

    fn takes_keys(&self) -> bool {
        true
    }
}

/// Ctrl-C. A service manager sends SIGTERM too: `tokio::signal::unix` hears it.
async fn told_to_stop() {
    // Should it not be heard, the process is ended some other way.
    let _ = tokio::signal::ctrl_c().await;
}
