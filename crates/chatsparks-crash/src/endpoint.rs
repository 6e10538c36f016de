//! An endpoint that takes effects: now and then slowly, now and then not at all.

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the endpoint was handed.
#[derive(Debug, Default)]
pub struct Delivered {
    /// How often, by idempotency key, and the effect's id.
    pub by_key: BTreeMap<String, (u64, String)>,
    /// Replies and messages of a contact, by the id that the effect names, as they came first.
    pub in_order: BTreeMap<String, Vec<String>>,
    /// How often it refused.
    pub refused: u64,
    turn: u64,
}

impl Delivered {
    /// How often each effect came, by its id.
    ///
    /// # Panics
    /// When an effect went under two keys, or under none that was decided.
    pub fn by_effect(&self, is_decided: impl Fn(&str) -> bool) -> BTreeMap<&str, u64> {
        let mut sent = BTreeMap::new();
        for (times, id) in self.by_key.values() {
            assert!(sent.insert(id.as_str(), *times).is_none(), "R4: {id} went under two keys");
            assert!(is_decided(id), "{id} was never decided");
        }
        sent
    }
}

/// Serves it on loopback, and says on which port. `contact_of`: whose an effect is, by its id.
pub async fn serve(delivered: Arc<Mutex<Delivered>>, contact_of: fn(&str) -> Option<String>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = Router::new().route("/effects", post(take)).with_state((delivered, contact_of));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    port
}

type Taking = (Arc<Mutex<Delivered>>, fn(&str) -> Option<String>);

async fn take(State((delivered, contact_of)): State<Taking>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let turn = {
        let mut delivered = delivered.lock().unwrap();
        delivered.turn += 1;
        delivered.turn
    };
    if turn % 97 == 0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut delivered = delivered.lock().unwrap();
    if turn % 53 == 0 {
        delivered.refused += 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let key = headers["webhook-id"].to_str().unwrap().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let effect = &body["effect"];
    let id = effect["id"].as_str().unwrap().to_owned();
    let entry = delivered.by_key.entry(key).or_insert((0, id.clone()));
    assert_eq!(entry.1, id, "one key for two effects");
    entry.0 += 1;
    let is_first = entry.0 == 1;
    let is_kept = effect.get("send_dm").is_some() || effect.get("public_reply").is_some();
    if let Some(contact) = contact_of(&id).filter(|_| is_first && is_kept) {
        delivered.in_order.entry(contact).or_default().push(id);
    }
    StatusCode::OK
}
