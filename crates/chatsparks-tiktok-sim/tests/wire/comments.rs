//! Comments: what is told of them, how they are read and answered.

use crate::world::{START, World, settings};
use chatsparks_tiktok_sim::{
    control::{Act, Removal, WebhookFault, WebhookMishap},
    settings::Rates,
    sign,
};
use serde_json::json;

#[tokio::test]
async fn a_comment_is_told_with_ids_as_numbers_and_signed() {
    let world = World::new().await;
    let id = world.control.comment("mint", "ราคาเท่าไหร่คะ").await.unwrap();
    assert!(world.receiver.came().is_empty(), "it takes a while");
    world.control.advance_seconds(300).await.unwrap();
    let [came] = &world.receiver.of("comment.update")[..] else { panic!("{:?}", world.receiver.came()) };
    let content = came.json()["content"].as_str().unwrap().to_owned();
    assert!(content.contains(&format!("\"comment_id\":{id},")), "an unquoted number of 19 digits: {content}");
    assert_eq!(id.len(), 19);
    let content = came.content();
    assert_eq!(content["parent_comment_id"], 0);
    assert_eq!(content["comment_type"], "comment");
    assert_eq!(content["comment_action"], "insert");
    assert_eq!(content["timestamp"], START);
    assert_eq!(content["text"], "ราคาเท่าไหร่คะ");
    assert_eq!(came.json()["create_time"], START / 1000, "seconds in the envelope");
    assert_eq!(came.json()["user_openid"], world.account().business_id);
    let header = came.headers["tiktok-signature"].to_str().unwrap();
    let seconds = header.split_once(',').unwrap().0.trim_start_matches("t=").parse().unwrap();
    assert_eq!(header, sign::webhook(&world.keys.client_secret, seconds, came.body.as_bytes()));
    assert_ne!(header, sign::webhook("another", seconds, came.body.as_bytes()));
}

#[tokio::test]
async fn a_text_that_was_not_told_is_read_by_the_comments_id() {
    let world = World::new().await;
    let fault = WebhookFault { event: "comment.update".to_owned(), times: 1, what: WebhookMishap::WithoutText };
    world.control.webhook_fault(&fault).await.unwrap();
    let id = world.control.comment("mint", "PRICE?").await.unwrap();
    world.control.comment("ploy", "LINK").await.unwrap();
    world.control.advance_seconds(60).await.unwrap();
    let came = world.receiver.of("comment.update");
    let bare: Vec<_> = came.iter().filter(|it| it.content().get("text").is_none()).collect();
    assert_eq!(bare.len(), 1);
    assert_eq!(bare[0].content()["comment_id"].to_string(), id);
    let query = [("video_id", world.account().videos[0].as_str()), ("comment_ids", &format!("[\"{id}\"]"))];
    let read = world.get("/business/comment/list/", &query).await;
    assert_eq!(read["code"], 0, "{read}");
    assert_eq!(read["data"]["comments"].as_array().unwrap().len(), 1);
    let comment = &read["data"]["comments"][0];
    assert_eq!(comment["comment_id"], json!(id), "text here");
    assert_eq!(comment["text"], "PRICE?");
    assert_eq!(comment["create_time"], json!((START / 1000).to_string()));
    assert_eq!(comment["username"], "mint");
    assert_eq!(comment["unique_identifier"], bare[0].content()["unique_identifier"], "the same on both");
}

#[tokio::test]
async fn a_reply_is_told_like_any_comment_and_set_to_public() {
    let world = World::new().await;
    let id = world.control.comment("mint", "PRICE?").await.unwrap();
    let body = json!({ "video_id": world.account().videos[0], "comment_id": id, "text": "Sent you a DM" });
    let made = world.post("/business/comment/reply/create/", body).await;
    assert_eq!(made["code"], 0, "{made}");
    assert!(made["request_id"].is_string());
    assert_eq!(made["data"]["parent_comment_id"], json!(id));
    world.control.advance_seconds(300).await.unwrap();
    let own: Vec<_> = world.receiver.of("comment.update").into_iter().map(|it| it.content()).collect();
    let own: Vec<_> = own
        .iter()
        .filter(|it| it["comment_id"].as_u64() == made["data"]["comment_id"].as_str().and_then(|id| id.parse().ok()))
        .collect();
    let actions: Vec<_> = own.iter().map(|it| it["comment_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["insert", "set_to_public"]);
    assert_eq!(own[0]["comment_type"], "reply");
    assert_eq!(own[0]["parent_comment_id"].to_string(), id);
    assert_eq!(own[0]["unique_identifier"], json!(world.account().business_id), "nothing else says it is one's own");
    let query = [("video_id", world.account().videos[0].as_str()), ("comment_id", &id)];
    let replies = world.get("/business/comment/reply/list/", &query).await;
    assert_eq!(replies["data"]["comments"][0]["owner"], true);
    assert_eq!(world.simulator.ledger().replies_to(&id).count(), 1);
}

#[tokio::test]
async fn like_replies_in_a_short_time_are_hidden_and_never_public() {
    let mut settings = settings();
    settings.like_comments_in_a_minute = 2;
    let world = World::with(settings).await;
    for person in ["a", "b", "c"] {
        let id = world.control.comment(person, "PRICE?").await.unwrap();
        let body = json!({ "video_id": world.account().videos[0], "comment_id": id, "text": "Sent you a DM" });
        assert_eq!(world.post("/business/comment/reply/create/", body).await["code"], 0, "the answer does not tell");
    }
    world.control.advance_seconds(300).await.unwrap();
    let public = world
        .receiver
        .of("comment.update")
        .iter()
        .filter(|it| it.content()["comment_action"] == "set_to_public")
        .count();
    assert_eq!(public, 2);
    assert_eq!(world.simulator.ledger().comments.iter().filter(|it| it.status == "HIDDEN").count(), 1);
}

#[tokio::test]
async fn what_is_deleted_or_hidden_is_told() {
    let world = World::new().await;
    let id = world.control.comment("mint", "PRICE?").await.unwrap();
    for how in [Removal::Hide, Removal::Show, Removal::Delete] {
        world.control.advance_seconds(60).await.unwrap();
        world.control.act(&Act::Remove { comment_id: id.clone(), how }).await.unwrap();
    }
    world.control.advance_seconds(300).await.unwrap();
    let told: Vec<_> =
        world.receiver.of("comment.update").iter().map(|it| it.content()["comment_action"].clone()).collect();
    assert_eq!(told.len(), 4);
    for action in ["insert", "set_to_hidden", "set_to_public", "delete"] {
        assert!(told.contains(&json!(action)), "{told:?}");
    }
    let gone = world.control.act(&Act::Remove { comment_id: id, how: Removal::Delete }).await;
    assert!(gone.is_err(), "once");
}

#[tokio::test]
async fn what_is_wrong_with_a_call_stands_in_a_body_with_status_200() {
    let world = World::new().await;
    let video = world.account().videos[0].clone();
    let id = world.control.comment("mint", "PRICE?").await.unwrap();
    let reply = "/business/comment/reply/create/";
    let long = "ก".repeat(151);
    let rows = [
        (reply, json!({ "video_id": video, "comment_id": id, "text": long }), 40_002),
        (reply, json!({ "video_id": video, "comment_id": id }), 40_002),
        (reply, json!({ "video_id": video, "comment_id": "1", "text": "x" }), 40_002),
        (reply, json!({ "video_id": "1", "comment_id": id, "text": "x" }), 40_002),
        ("/business/comment/like/", json!({ "comment_id": id, "action": "LOVE" }), 40_002),
        ("/business/comment/delete/", json!({ "comment_id": id }), 40_001),
    ];
    for (path, body, code) in rows {
        let answer = world.try_post(path, body.clone()).await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(answer["code"], code, "{path} {body}: {answer}");
    }
    assert_eq!(world.simulator.ledger().comments.len(), 1, "nothing was done");
    let fits = json!({ "video_id": video, "comment_id": id, "text": "ก".repeat(150) });
    assert_eq!(world.post(reply, fits).await["code"], 0);
    let without_slash = format!("{}/business/comment/list", world.keys.business_url);
    assert_eq!(world.client.get(without_slash).send().await.unwrap().status(), 404);
    let url = format!("{}/business/get/?business_id={}", world.keys.business_url, world.account().business_id);
    for (token, code) in [(None, 40_104), (Some("act.nobody"), 40_105)] {
        let request = world.client.get(&url);
        let request = if let Some(token) = token { request.header("access-token", token) } else { request };
        let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["code"], code);
    }
    let other = json!({ "business_id": "-000x", "text": "x" });
    let url = format!("{}{reply}", world.keys.business_url);
    let answer = world.client.post(url).header("access-token", &world.token).json(&other).send().await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], 40_001, "another's account");
}

#[tokio::test]
async fn comments_come_in_pages() {
    let world = World::new().await;
    for number in 0..35 {
        world.control.comment(&format!("p{number}"), "PRICE?").await.unwrap();
        world.control.advance_seconds(1).await.unwrap();
    }
    let video = world.account().videos[0].clone();
    let mut seen = Vec::new();
    let mut cursor = "0".to_owned();
    loop {
        let query = [
            ("video_id", video.as_str()),
            ("cursor", &cursor),
            ("max_count", "20"),
            ("sort_order", "asc"),
            ("sort_field", "create_time"),
        ];
        let page = world.get("/business/comment/list/", &query).await;
        seen.extend(
            page["data"]["comments"].as_array().unwrap().iter().map(|it| it["username"].as_str().unwrap().to_owned()),
        );
        cursor = page["data"]["cursor"].to_string();
        if page["data"]["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, (0..35).map(|number| format!("p{number}")).collect::<Vec<_>>());
    let query = [("video_id", video.as_str()), ("max_count", "31")];
    assert_eq!(world.get("/business/comment/list/", &query).await["code"], 40_002);
}

#[tokio::test]
async fn o4_rates_are_told_by_a_code_and_by_no_header() {
    let mut settings = settings();
    settings.rates = Rates::default();
    settings.outside = chatsparks_tiktok_sim::Outside::Simulated;
    let simulator = chatsparks_tiktok_sim::Simulator::start(settings).await.unwrap();
    let keys = simulator.credentials();
    let url = format!("{}/business/get/?business_id={}", keys.business_url, keys.accounts[0].business_id);
    let client = crate::world::client();
    let ask = async || {
        let answer = client.get(&url).header("access-token", &keys.accounts[0].access_token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().keys().all(|name| !name.as_str().contains("rate") && name != "retry-after"));
        answer.json::<serde_json::Value>().await.unwrap()["code"].as_i64().unwrap()
    };
    for call in 0..12 {
        assert_eq!(ask().await, if call < 10 { 0 } else { 40_100 }, "call {call}");
    }
    let control = simulator.control().unwrap();
    for _ in 0..3 {
        control.advance_seconds(1).await.unwrap();
        for _ in 0..10 {
            assert_eq!(ask().await, 0);
        }
    }
    control.advance_seconds(1).await.unwrap();
    assert_eq!(ask().await, 40_100, "forty of an account to an endpoint in a minute");
    control.advance_seconds(60).await.unwrap();
    assert_eq!(ask().await, 0);
}

#[tokio::test]
async fn videos_are_listed_newest_first_a_page_at_a_time() {
    let world = World::new().await;
    let list = "/business/video/list/";
    let fields = ("fields", "[\"item_id\",\"create_time\"]");
    let mut listed = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let mut query = vec![fields, ("max_count", "2")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let read = world.get(list, &query).await;
        assert_eq!(read["code"], 0, "{read}");
        for video in read["data"]["videos"].as_array().unwrap() {
            let time: i64 = video["create_time"].as_str().unwrap().parse().unwrap();
            assert_eq!(video.as_object().unwrap().len(), 2, "what was asked for: {video}");
            listed.push((time, video["item_id"].as_str().unwrap().to_owned()));
        }
        if read["data"]["has_more"] == false {
            break;
        }
        cursor = Some(read["data"]["cursor"].to_string());
    }
    assert!(listed.is_sorted_by(|one, next| one.0 > next.0), "{listed:?}");
    let mut ids: Vec<_> = listed.into_iter().map(|(_, id)| id).collect();
    ids.sort();
    let mut videos = world.account().videos.clone();
    videos.sort();
    assert_eq!(ids, videos);
    assert_eq!(world.get(list, &[("max_count", "21")]).await["code"], 40_002);
}
