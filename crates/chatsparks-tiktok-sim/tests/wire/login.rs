//! Permission, on the three platforms.

use crate::world::World;
use chatsparks_tiktok_sim::control::{Platform, TokenFault, TokenMishap};
use serde_json::{Value, json};

/// Where a person is sent back to, and with which code.
async fn code(world: &World, path: &str, query: &[(&str, &str)]) -> (String, url::Url) {
    let mut url = url::Url::parse(&format!("{}{path}", world.keys.login_url)).unwrap();
    url.query_pairs_mut()
        .extend_pairs(query)
        .append_pair("redirect_uri", "http://localhost/back/")
        .append_pair("state", "s 1");
    let answer = world.client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 302, "{}", answer.text().await.unwrap());
    let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let find = |name: &str| back.query_pairs().find(|(it, _)| it == name).map(|(_, it)| it.into_owned());
    assert_eq!(find("state").as_deref(), Some("s 1"));
    (find("code").unwrap(), back.clone())
}

#[tokio::test]
async fn the_business_api_gives_a_day_and_rotates() {
    let world = World::new().await;
    let keys = &world.keys;
    let asked = [
        ("client_key", keys.client_key.as_str()),
        ("scope", "comment.list,message.list.send"),
        ("response_type", "code"),
    ];
    let (code, _) = code(&world, "/v2/auth/authorize", &asked).await;
    let app = |more: Value| {
        let mut body = json!({ "client_id": keys.client_key, "client_secret": keys.client_secret });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let exchange =
        app(json!({ "grant_type": "authorization_code", "auth_code": code, "redirect_uri": "http://localhost/back/" }));
    let got = world.post_open("/tt_user/oauth2/token/", exchange.clone()).await;
    assert_eq!(got["code"], 0, "{got}");
    assert_eq!(got["data"]["expires_in"], 86_400);
    assert_eq!(got["data"]["open_id"], json!(world.account().business_id));
    assert_eq!(world.post_open("/tt_user/oauth2/token/", exchange).await["code"], 40_105, "a code is good once");
    let old = got["data"]["refresh_token"].clone();
    let refresh = |token: &Value| app(json!({ "grant_type": "refresh_token", "refresh_token": token }));
    let new = world.post_open("/tt_user/oauth2/refresh_token/", refresh(&old)).await;
    assert_eq!(new["code"], 0);
    assert_ne!(new["data"]["refresh_token"], old);
    assert_eq!(world.post_open("/tt_user/oauth2/refresh_token/", refresh(&old)).await["code"], 40_105, "it rotated");

    // The access token is over after a day, and the refreshed one is good.
    world.control.advance_seconds(86_399).await.unwrap();
    let ask = async |token: &Value| {
        let url = format!("{}/business/get/?business_id={}", keys.business_url, world.account().business_id);
        let request = world.client.get(url).header("access-token", token.as_str().unwrap());
        request.send().await.unwrap().json::<Value>().await.unwrap()["code"].as_i64().unwrap()
    };
    assert_eq!(ask(&new["data"]["access_token"]).await, 0);
    world.control.advance_seconds(1).await.unwrap();
    assert_eq!(ask(&new["data"]["access_token"]).await, 40_105);
    let newer = world.post_open("/tt_user/oauth2/refresh_token/", refresh(&new["data"]["refresh_token"])).await;
    let access = newer["data"]["access_token"].clone();
    assert_eq!(ask(&access).await, 0);
    let revoke = app(json!({ "access_token": access }));
    assert_eq!(world.post_open("/tt_user/oauth2/revoke/", revoke).await["code"], 0);
    assert_eq!(ask(&access).await, 40_105);
    let wrong = json!({ "client_id": keys.client_key, "client_secret": "x", "grant_type": "refresh_token", "refresh_token": old });
    assert_eq!(world.post_open("/tt_user/oauth2/refresh_token/", wrong).await["code"], 40_001);
}

#[tokio::test]
async fn a_code_is_over_after_ten_minutes() {
    let world = World::new().await;
    let keys = &world.keys;
    let asked = [("client_key", keys.client_key.as_str()), ("scope", "comment.list"), ("response_type", "code")];
    let (code, _) = code(&world, "/v2/auth/authorize/", &asked).await;
    world.control.advance_seconds(600).await.unwrap();
    let body = json!({ "client_id": keys.client_key, "client_secret": keys.client_secret,
                       "grant_type": "authorization_code", "auth_code": code });
    assert_eq!(world.post_open("/tt_user/oauth2/token/", body).await["code"], 40_105);
}

#[tokio::test]
async fn login_kit_takes_forms_and_gives_two_hours() {
    let world = World::new().await;
    let keys = &world.keys;
    let asked = [
        ("client_key", keys.client_key.as_str()),
        ("scope", "user.info.basic"),
        ("response_type", "code"),
        ("platform", "login"),
    ];
    let (code, _) = code(&world, "/v2/auth/authorize/", &asked).await;
    let post = async |form: &[(&str, &str)]| {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("client_key", &keys.client_key)
            .append_pair("client_secret", &keys.client_secret)
            .extend_pairs(form);
        let request = world.client.post(format!("{}/v2/oauth/token/", keys.login_url));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.finish());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, got) = post(&[("grant_type", "authorization_code"), ("code", &code)]).await;
    assert_eq!((status, &got["expires_in"]), (200, &json!(7_200)));
    let refresh = got["refresh_token"].as_str().unwrap();
    let (status, _) = post(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(status, 200);
    let (status, error) = post(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!((status, &error["error"]), (400, &json!("invalid_grant")), "the old one dies");
}

#[tokio::test]
async fn the_shop_gives_instants_and_takes_a_signature() {
    let world = World::new().await;
    let keys = &world.keys;
    let (code, _) = code(&world, "/open/authorize", &[("service_id", &keys.service_id)]).await;
    let get = async |path: &str, more: &[(&str, &str)]| {
        let mut url = url::Url::parse(&format!("{}{path}", keys.shop_url)).unwrap();
        url.query_pairs_mut()
            .append_pair("app_key", &keys.app_key)
            .append_pair("app_secret", &keys.app_secret)
            .extend_pairs(more);
        world.client.get(url).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let got = get("/api/v2/token/get", &[("auth_code", &code), ("grant_type", "authorized_code")]).await;
    assert_eq!(got["code"], 0, "{got}");
    assert_eq!(got["data"]["access_token_expire_in"], crate::world::START / 1000 + 7 * 86_400, "an instant, no length");
    let refresh = got["data"]["refresh_token"].as_str().unwrap();
    let rows = [("refresh_token", refresh), ("grant_type", "refresh_token")];
    assert_eq!(get("/api/v2/token/refresh", &rows).await["code"], 0);
    assert_eq!(get("/api/v2/token/refresh", &rows).await["code"], 105_002);
}

#[tokio::test]
async fn tokens_expire_and_are_revoked_on_request() {
    let world = World::new().await;
    let fault = |what| TokenFault { account: None, platform: Platform::Business, what };
    let refresh = async || {
        let body = json!({ "client_id": world.keys.client_key, "client_secret": world.keys.client_secret,
                           "grant_type": "refresh_token", "refresh_token": world.simulator.credentials().accounts[0].refresh_token });
        world.post_open("/tt_user/oauth2/refresh_token/", body).await
    };
    assert_eq!(world.get("/business/get/", &[]).await["code"], 0);
    world.control.tokens(&fault(TokenMishap::ExpireAccess)).await.unwrap();
    assert_eq!(world.get("/business/get/", &[]).await["code"], 40_105);
    assert_eq!(refresh().await["code"], 0, "refreshing helps");
    world.control.tokens(&fault(TokenMishap::Revoke)).await.unwrap();
    assert_eq!(refresh().await["code"], 40_105, "nothing helps");
}
