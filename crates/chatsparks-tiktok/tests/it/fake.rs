//! A TikTok of a few endpoints: it answers as it is told, and writes down what it was asked.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) token: String,
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// This `data`.
    Data(Value),
    /// This code.
    Code(i64, &'static str),
    /// This status, and nothing that is JSON.
    Status(u16),
    /// What comes is done, and the answer is cut off.
    Lost,
    /// This `data`, once it was let go.
    Held(Value, Arc<tokio::sync::Notify>),
}

type Page = Box<dyn Fn(&Asked) -> Value + Send>;

#[derive(Default)]
pub(crate) struct Inside {
    pub(crate) asked: Vec<Asked>,
    /// The next answers of a path; without one, what stands in `always`.
    pub(crate) next: BTreeMap<String, VecDeque<Answer>>,
    pub(crate) always: BTreeMap<String, Answer>,
    /// What a path answers by what it is asked.
    pub(crate) pages: BTreeMap<String, Page>,
    /// Videos that are not there any more.
    pub(crate) refused: BTreeSet<String>,
    /// The refresh token that is good, and how many were given.
    pub(crate) good: String,
    pub(crate) given: u32,
    /// Access tokens are good for so many seconds.
    pub(crate) lasts: i64,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
}

/// The first refresh token, which nothing may show.
pub(crate) const SEED: &str = "rft.planted-seed-0";

impl Fake {
    pub(crate) async fn start() -> Self {
        let inside = Inside { good: SEED.to_owned(), lasts: 86_400, ..Inside::default() };
        let inside = Arc::new(Mutex::new(inside));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, inside }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/open_api/v1.3", self.address)
    }

    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Inside) -> T) -> T {
        change(&mut self.inside.lock().unwrap())
    }

    /// The next answer of a path.
    pub(crate) fn next(&self, path: &str, answer: Answer) {
        self.with(|inside| inside.next.entry(path.to_owned()).or_default().push_back(answer));
    }

    /// The answer of a path from here on.
    pub(crate) fn always(&self, path: &str, answer: Answer) {
        self.with(|inside| inside.always.insert(path.to_owned(), answer));
    }

    /// What a path answers from here on, by what it is asked.
    pub(crate) fn page(&self, path: &str, page: impl Fn(&Asked) -> Value + Send + 'static) {
        self.with(|inside| inside.pages.insert(path.to_owned(), Box::new(page)));
    }

    /// What was asked of a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.with(|inside| inside.asked.iter().filter(|asked| asked.path == path).cloned().collect())
    }
}

async fn answer(State(inside): State<Arc<Mutex<Inside>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    match answer_of(&inside, &uri, &headers, &body) {
        Answer::Data(data) => axum::Json(json!({ "code": 0, "message": "OK", "data": data })).into_response(),
        Answer::Code(code, message) => axum::Json(json!({ "code": code, "message": message })).into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Held(data, go) => {
            go.notified().await;
            axum::Json(json!({ "code": 0, "message": "OK", "data": data })).into_response()
        }
        // A success that is cut off: nobody knows what it said.
        Answer::Lost => (StatusCode::OK, "{\"code\":").into_response(),
    }
}

fn answer_of(inside: &Mutex<Inside>, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Answer {
    let path = uri.path().trim_start_matches("/open_api/v1.3").to_owned();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let token = headers.get("access-token").or_else(|| headers.get("x-tts-access-token"));
    let token = token.map_or("", |token| token.to_str().unwrap()).to_owned();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut inside = inside.lock().unwrap();
    let asked = Asked { path: path.clone(), query, body: body.clone(), token };
    inside.asked.push(asked.clone());
    if asked.query.get("video_id").is_some_and(|video| inside.refused.contains(video)) {
        return Answer::Code(40_007, "not there");
    }
    let next = inside.next.get_mut(&path).and_then(VecDeque::pop_front);
    let next = next.or_else(|| inside.pages.get(&path).map(|page| Answer::Data(page(&asked))));
    let answer = next.or_else(|| inside.always.get(&path).cloned());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    match answer {
        Some(answer) => answer,
        None => match path.as_str() {
            "/tt_user/oauth2/refresh_token/" => {
                if body["refresh_token"] == inside.good.as_str() {
                    inside.given += 1;
                    inside.good = format!("rft.planted-{}", inside.given);
                    Answer::Data(json!({ "access_token": format!("act.planted-{}", inside.given),
                        "refresh_token": inside.good, "expires_in": inside.lasts,
                        "refresh_token_expires_in": 31_536_000, "open_id": "biz-1", "scope": "comment.list,message.list.send" }))
                } else {
                    Answer::Code(40_002, "invalid refresh token planted-message")
                }
            }
            "/api/v2/token/refresh" => Answer::Data(json!({ "access_token": "act.planted-shop",
                "refresh_token": "rft.planted-shop", "access_token_expire_in": now + 604_800,
                "refresh_token_expire_in": now + 31_536_000 })),
            "/authorization/202309/shops" => {
                Answer::Data(json!({ "shops": [{ "id": "shop-1", "cipher": "cipher-1", "region": "TH" }] }))
            }
            "/business/message/send/" => {
                let number = inside.asked.iter().filter(|asked| asked.path == path).count();
                Answer::Data(json!({ "message": { "message_id": format!("mid+{number}==") } }))
            }
            "/business/comment/reply/create/" => {
                Answer::Data(json!({ "comment_id": "990", "unique_identifier": "own+name=" }))
            }
            "/business/comment/list/" | "/business/comment/reply/list/" => Answer::Data(json!({ "comments": [] })),
            "/business/message/content/list/" => Answer::Data(json!({ "messages": [] })),
            "/order/202309/orders" | "/order/202309/orders/search" => Answer::Data(json!({ "orders": [] })),
            _ => Answer::Code(40_008, "not here"),
        },
    }
}
