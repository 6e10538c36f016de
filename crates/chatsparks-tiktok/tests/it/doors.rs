//! The doors, over real sockets: what is wrong is refused with a status of its own, and nothing planted is ever shown.

use crate::world::{SECRET, SHOP_SECRET, World, comment, delivery, hmac, signed};
use chatsparks_core::Event;
use chatsparks_ports::SystemClock;
use chatsparks_tiktok::{DoorLimits, router};
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

async fn listen(world: &World) -> SocketAddr {
    let mut limits = DoorLimits::default();
    limits.body = Duration::from_millis(400);
    let app = router(std::slice::from_ref(&world.account), Arc::new(SystemClock::default()), limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// Posts a body with these headers: the status, and all that was answered.
async fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let mut head =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    // Whoever is refused early may find the other side closed.
    let _ = stream.write_all(body).await;
    answer(stream).await
}

async fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await.expect("an answer").unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_what_is_wrong_is_refused_and_leaves_nothing() {
    let world = World::new("open").await;
    let address = listen(&world).await;
    let body = delivery("comment.update", &comment(1, Some("secret words of a buyer")));
    let good = signed(&body, 0);
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(10 << 20));
    let no_event = r#"{"content":"{}"}"#;
    let lacks = delivery("comment.update", &json!({ "comment_action": "insert", "comment_id": 7 }));
    let fraction =
        delivery("comment.update", &comment(1, None)).replace("\\\"comment_id\\\":1", "\\\"comment_id\\\":1e18");
    for (header, body, wanted) in [
        (vec![], body.as_str(), 401),
        (vec![good.clone(), good.clone()], &body, 401),
        (vec!["nonsense".to_owned()], &body, 401),
        (vec![good.replace("s=", "s=0")], &body, 401),
        (vec![signed(&body, -301)], &body, 401),
        (vec![signed(&body, 302)], &body, 401),
        (vec![good.clone()], &body.replace("secret", "Secret"), 401),
        (vec![signed("{", 0)], "{", 400),
        (vec![signed("", 0)], "", 400),
        (vec![signed("[]", 0)], "[]", 400),
        (vec![signed(&deep, 0)], &deep, 400),
        (vec![signed(no_event, 0)], no_event, 400),
        (vec![signed(&lacks, 0)], &lacks, 400),
        (vec![signed(&fraction, 0)], &fraction, 400),
        (vec![signed(&long, 0)], &long, 413),
    ] {
        let headers: Vec<_> = header.iter().map(|value| ("TikTok-Signature", value.as_str())).collect();
        let (status, said) = post(address, "/tiktok", &headers, body.as_bytes()).await;
        assert_eq!(status, wanted, "{header:?} {}", &body[..body.len().min(80)]);
        for planted in [SECRET, SHOP_SECRET, "planted", "secret words"] {
            assert!(!said.contains(planted), "{said}");
        }
    }
    assert!(world.told().is_empty());
    // The same, as it should be; and again, as the platform does.
    for _ in 0..2 {
        assert_eq!(post(address, "/tiktok", &[("tiktok-signature", &good)], body.as_bytes()).await.0, 200);
    }
    let ids: Vec<String> = world.events(2).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["tiktok:comment:1", "tiktok:comment:1"], "the engine knows it by its id");
}

#[tokio::test(flavor = "multi_thread")]
async fn h4_a_slow_sender_is_cut_off_and_holds_up_nobody() {
    let world = World::new("open").await;
    let address = listen(&world).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"POST /tiktok HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 50\r\n\r\n{")
        .await
        .unwrap();
    let body = delivery("comment.update", &comment(5, Some("hi")));
    assert_eq!(post(address, "/tiktok", &[("tiktok-signature", &signed(&body, 0))], body.as_bytes()).await.0, 200);
    assert_eq!(answer(slow).await.0, 408);
    // One without a length is cut off all the same.
    let mut long = TcpStream::connect(address).await.unwrap();
    long.write_all(b"POST /tiktok HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..20 {
        if long.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    assert_eq!(answer(long).await.0, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_what_cannot_be_kept_is_not_acknowledged() {
    let world = World::new("open").await;
    let address = listen(&world).await;
    let told = delivery("comment.update", &comment(1, Some("hi")));
    let untold = delivery("comment.update", &comment(2, None));
    let order = r#"{"type":1,"tts_notification_id":"n1","shop_id":"shop-1","timestamp":1718305585,"data":{"order_id":"o1","order_status":"AWAITING_SHIPMENT"}}"#;
    let authorization = hmac(SHOP_SECRET, &format!("shop-app{order}"));
    world.program.full.store(true, Ordering::SeqCst);
    for body in [&told, &untold] {
        let (status, said) = post(address, "/tiktok", &[("tiktok-signature", &signed(body, 0))], body.as_bytes()).await;
        assert_eq!(status, 503);
        assert!(said.contains("retry-after: 7"), "{said}");
    }
    let shop = [("authorization", authorization.as_str())];
    assert_eq!(post(address, "/tiktok-shop", &shop, order.as_bytes()).await.0, 503);
    world.program.full.store(false, Ordering::SeqCst);
    for body in [&told, &untold] {
        assert_eq!(post(address, "/tiktok", &[("tiktok-signature", &signed(body, 0))], body.as_bytes()).await.0, 200);
    }
    assert_eq!(post(address, "/tiktok-shop", &shop, order.as_bytes()).await.0, 200, "it was not known before");
    assert_eq!(post(address, "/tiktok-shop", &shop, &order.as_bytes()[1..]).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_unknown_accounts_events_and_fields_are_taken() {
    let world = World::new("open").await;
    let address = listen(&world).await;
    let other = delivery("comment.update", &comment(1, Some("hi"))).replace("biz-1", "biz-2");
    let news = delivery("something.new", &json!({ "x": [1, { "y": 2 }] }));
    let mut more = comment(7_247_303_576_418_566_913, Some("half \u{fffd}"));
    more["new_field"] = json!({ "deep": [null] });
    let more = delivery("comment.update", &more).replace('\u{fffd}', r"\\ud83d");
    let quoted = delivery("comment.update", &comment(1, Some("hi")))
        .replace("\\\"comment_id\\\":1,", "\\\"comment_id\\\":\\\"18\\\",");
    // What is about another account is not wanted, whatever it lacks.
    let lacks = delivery("comment.update", &json!({ "comment_action": "insert" })).replace("biz-1", "biz-2");
    let shop = json!({ "type": 1, "shop_id": "shop-2", "data": {} }).to_string();
    let signature = [("authorization", &*hmac(SHOP_SECRET, &format!("shop-app{shop}")))];
    assert_eq!(post(address, "/tiktok-shop", &signature, shop.as_bytes()).await.0, 200);
    for body in [&other, &news, &more, &quoted, &lacks] {
        assert_eq!(
            post(address, "/tiktok", &[("tiktok-signature", &signed(body, 0))], body.as_bytes()).await.0,
            200,
            "{body}"
        );
    }
    let told = world.events(2).await;
    assert_eq!(told.len(), 2, "of the account that is here");
    let (id, Event::Comment(comment)) = &told[0] else { panic!("{told:?}") };
    assert_eq!(id, "tiktok:comment:7247303576418566913");
    assert_eq!((comment.post_id.as_str(), comment.text.as_str()), ("7203946942097902849", "half \u{fffd}"));
    assert_eq!((comment.user_id.as_str(), &comment.reply_to), ("buyer+1=", &None));
    assert_eq!(told[1].0, "tiktok:comment:18");
}
