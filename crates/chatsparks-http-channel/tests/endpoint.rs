//! The channel against endpoints on loopback that do what endpoints do (H1).

use chatsparks_core::{Effect, Instant};
use chatsparks_http_channel::{Endpoint, HttpChannel, webhook_id};
use chatsparks_ports::{Attempt, Channel, Context, Delivery, EffectKey, Fault, Shard};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What an endpoint does with a request that has arrived.
#[derive(Clone)]
enum Does {
    /// Answers with these bytes, and closes.
    Answers(Vec<u8>),
    /// Answers with the first bytes, and with the others a while later.
    AnswersSlowly(Vec<u8>, Vec<u8>),
    /// Answers with these bytes, and then with more for as long as they are taken.
    NeverEnds(Vec<u8>),
    /// Says nothing, and keeps the connection.
    Hangs,
    /// Closes without a word.
    Drops,
}

/// A request as it arrived: its head and its body.
struct Arrived {
    head: String,
    body: Vec<u8>,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim()).expect("the header")
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

struct Listens {
    url: String,
    arrived: mpsc::UnboundedReceiver<Arrived>,
}

async fn endpoint(does: Does) -> Listens {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/effects", listener.local_addr().expect("an address"));
    let (tell, arrived) = mpsc::unbounded_channel();
    let kept = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(one(stream, does.clone(), tell.clone(), kept.clone()));
        }
    });
    Listens { url, arrived }
}

async fn one(
    mut stream: TcpStream,
    does: Does,
    tell: mpsc::UnboundedSender<Arrived>,
    kept: Arc<Mutex<Vec<TcpStream>>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let head = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut arrived = Arrived { head: text, body: Vec::new() };
    let length: usize = arrived.header("content-length").parse().expect("a length");
    while bytes.len() < head + length {
        stream.read_buf(&mut bytes).await?;
    }
    arrived.body = bytes[head..head + length].to_vec();
    // Whoever does not look at it needs not be told.
    let _ = tell.send(arrived);
    match does {
        Does::Answers(answer) => stream.write_all(&answer).await?,
        Does::AnswersSlowly(first, then) => {
            stream.write_all(&first).await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            stream.write_all(&then).await?;
        }
        Does::NeverEnds(answer) => {
            stream.write_all(&answer).await?;
            loop {
                stream.write_all(&[b'x'; 1_000]).await?;
            }
        }
        Does::Hangs => kept.lock().await.push(stream),
        Does::Drops => {}
    }
    Ok(())
}

fn delivery(attempt: u32) -> Delivery {
    let key = EffectKey {
        shard: Shard { workspace: "glow".into(), partition: 0 },
        user_id: Some("u1".into()),
        id: "e1/0".to_owned(),
    };
    let effect = Effect::PublicReply { comment_id: "c1".into(), text: "สวัสดี".into() };
    let context = Context {
        post_id: Some("v1".into()),
        answers_comment: Some("c1".into()),
        not_after: "2026-03-04T10:00:00Z".parse::<Instant>().ok(),
    };
    Delivery::new(key, effect, context, attempt)
}

fn channel(url: &str, within: Duration) -> HttpChannel {
    let endpoint = Endpoint::new(url, SECRET).expect("an endpoint").within(within);
    HttpChannel::new(endpoint).expect("a channel")
}

async fn attempt(does: Does, within: Duration) -> Attempt {
    let listens = endpoint(does).await;
    channel(&listens.url, within).perform(&delivery(1)).await
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

fn answers(text: &str) -> Does {
    Does::Answers(text.as_bytes().to_vec())
}

fn status(line: &str) -> Does {
    answers(&format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n"))
}

fn again(why: &str) -> Attempt {
    Attempt::Again(None, Fault(why.to_owned()))
}

#[tokio::test]
async fn h1_what_is_posted_is_what_is_promised() {
    let mut listens = endpoint(status("204 No Content")).await;
    let channel = channel(&listens.url, LONG);
    assert_eq!(channel.perform(&delivery(1)).await, Attempt::Sent);
    assert_eq!(channel.perform(&delivery(2)).await, Attempt::Sent);
    let (first, second) = (listens.arrived.recv().await.expect("one"), listens.arrived.recv().await.expect("two"));
    assert!(first.head.starts_with("POST /effects HTTP/1.1\r\n"), "{}", first.head);
    assert_eq!(first.header("content-type"), "application/json");
    assert_eq!(first.header("webhook-id"), webhook_id(&delivery(1).key));
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(
        first.json(),
        serde_json::json!({
            "workspace": "glow",
            "effect": { "id": "e1/0", "public_reply": { "comment_id": "c1", "text": "สวัสดี" } },
            "context": { "post_id": "v1", "answers_comment": "c1", "not_after": "2026-03-04T10:00:00Z", "attempt": 1 },
        })
    );
    assert_eq!(second.json()["context"]["attempt"], 2);
    for arrived in [first, second] {
        let mut headers = http::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, arrived.header(name).parse().expect("a value"));
        }
        let webhook = standardwebhooks::Webhook::new(SECRET).expect("a secret");
        webhook.verify(&arrived.body, &headers).expect("a signature that holds");
        assert!(webhook.verify(b"{}", &headers).is_err());
    }
}

#[tokio::test]
async fn h1_each_kind_of_answer_has_its_consequence() {
    for (line, wanted) in [
        ("200 OK", Attempt::Sent),
        ("202 Accepted", Attempt::Sent),
        ("408 Request Timeout", again("the endpoint answered 408")),
        ("409 Conflict", again("the endpoint answered 409")),
        ("425 Too Early", again("the endpoint answered 425")),
        ("429 Too Many Requests", again("the endpoint answered 429")),
        ("500 Internal Server Error", again("the endpoint answered 500")),
        ("503 Service Unavailable", again("the endpoint answered 503")),
        ("401 Unauthorized", Attempt::Stopped(Fault("the endpoint answered 401".to_owned()))),
        ("404 Not Found", Attempt::Stopped(Fault("the endpoint answered 404".to_owned()))),
        ("400 Bad Request", Attempt::Failed(Fault("the endpoint answered 400".to_owned()))),
        ("422 Unprocessable Content", Attempt::Failed(Fault("the endpoint answered 422".to_owned()))),
    ] {
        assert_eq!(attempt(status(line), LONG).await, wanted, "{line}");
    }
}

#[tokio::test]
async fn h1_retry_after_is_passed_on() {
    let does = answers("HTTP/1.1 429 Too Many Requests\r\nretry-after: 17\r\ncontent-length: 0\r\n\r\n");
    let wanted = Attempt::Again(Some(Duration::from_secs(17)), Fault("the endpoint answered 429".to_owned()));
    assert_eq!(attempt(does, LONG).await, wanted);
}

#[tokio::test]
async fn h1_a_redirect_is_not_followed() {
    let mut elsewhere = endpoint(status("200 OK")).await;
    for line in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let url = &elsewhere.url;
        let does = answers(&format!("HTTP/1.1 {line}\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n"));
        assert!(matches!(attempt(does, LONG).await, Attempt::Stopped(_)), "{line}");
    }
    assert!(elsewhere.arrived.try_recv().is_err());
}

#[tokio::test]
async fn h1_an_endpoint_that_hangs_is_given_up_in_time() {
    assert_eq!(attempt(Does::Hangs, SHORT).await, again("no answer in time"));
}

#[tokio::test]
async fn h1_a_slow_answer_is_waited_for() {
    let does = Does::AnswersSlowly(b"HTTP/1.1 20".to_vec(), b"0 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
    assert_eq!(attempt(does, LONG).await, Attempt::Sent);
}

#[tokio::test]
async fn h1_a_connection_that_is_cut_is_no_answer() {
    let why = "no answer: the connection was cut, or what came is not HTTP";
    assert_eq!(attempt(Does::Drops, LONG).await, again(why));
    assert_eq!(attempt(answers("HTTP/1.1 2"), LONG).await, again(why));
    assert_eq!(attempt(answers("<html>what?</html>\r\n\r\n"), LONG).await, again(why));
}

#[tokio::test]
async fn h1_nobody_there_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    assert_eq!(channel(&url, LONG).perform(&delivery(1)).await, again("no connection"));
}

#[tokio::test]
async fn h1_garbage_behind_a_2xx_changes_nothing() {
    for head in
        ["content-length: 1000000000\r\n\r\n", "transfer-encoding: chunked\r\n\r\nzzz", "content-length: 9\r\n\r\n\x01"]
    {
        let does = answers(&format!("HTTP/1.1 200 OK\r\n{head}"));
        assert_eq!(attempt(does, LONG).await, Attempt::Sent, "{head}");
    }
}

#[tokio::test]
async fn h1_an_answer_that_never_ends_is_not_read_to_its_end() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec();
    assert_eq!(attempt(Does::NeverEnds(head), LONG).await, Attempt::Sent);
    let head = b"HTTP/1.1 200 OK\r\nx-endless: ".to_vec();
    assert!(matches!(attempt(Does::NeverEnds(head), LONG).await, Attempt::Again(None, _)));
}
