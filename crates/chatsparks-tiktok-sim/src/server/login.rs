//! Permission: a person lets an app in, a code becomes tokens, tokens become new ones. Three platforms, three ways.

use super::{Answer, Call, Endpoint, Gate, subscriptions::is_here};
use crate::{
    control::Platform,
    sign,
    world::{Token, World},
};
use axum::http::Method;
use serde_json::{Value, json};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint { verb: Method::GET, path: "/v2/auth/authorize/", gate: Gate::Open, run: authorize },
    Endpoint { verb: Method::GET, path: "/v2/auth/authorize", gate: Gate::Open, run: authorize },
    Endpoint { verb: Method::GET, path: "/open/authorize", gate: Gate::Open, run: authorize_shop },
    Endpoint { verb: Method::POST, path: "/v2/oauth/token/", gate: Gate::Open, run: login_token },
    Endpoint { verb: Method::POST, path: "/v2/oauth/revoke/", gate: Gate::Open, run: login_revoke },
    Endpoint {
        verb: Method::POST,
        path: "/open_api/v1.3/tt_user/oauth2/token/",
        gate: Gate::Open,
        run: business_token,
    },
    Endpoint {
        verb: Method::POST,
        path: "/open_api/v1.3/tt_user/oauth2/refresh_token/",
        gate: Gate::Open,
        run: business_refresh,
    },
    Endpoint {
        verb: Method::POST,
        path: "/open_api/v1.3/tt_user/oauth2/revoke/",
        gate: Gate::Open,
        run: business_revoke,
    },
    Endpoint { verb: Method::POST, path: "/open_api/v1.3/tt_user/token_info/get/", gate: Gate::Open, run: token_info },
    Endpoint { verb: Method::GET, path: "/api/v2/token/get", gate: Gate::Open, run: shop_token },
    Endpoint { verb: Method::GET, path: "/api/v2/token/refresh", gate: Gate::Open, run: shop_refresh },
];

/// The page where a person lets an app in: here they do so at once. `account` names who it is, `platform=login` asks for
/// Login Kit's.
fn authorize(world: &mut World, call: &Call) -> Answer {
    if call.asked("client_key") != Some(world.app.key.as_str()) || call.asked("response_type") != Some("code") {
        return Answer::plain(
            400,
            json!({ "error": "invalid_request", "error_description": "client_key, response_type" }),
        );
    }
    if call.asked("scope").is_none_or(str::is_empty) {
        return Answer::plain(400, json!({ "error": "invalid_scope", "error_description": "no scope" }));
    }
    let platform = if call.asked("platform") == Some("login") { Platform::Login } else { Platform::Business };
    back(world, call, platform, call.asked("redirect_uri"))
}

/// The shop's page; a real one knows where to go back to from the service.
fn authorize_shop(world: &mut World, call: &Call) -> Answer {
    if call.asked("service_id") != Some(world.service_id.as_str()) {
        return Answer::plain(400, json!({ "error": "unknown service_id" }));
    }
    back(world, call, Platform::Shop, call.asked("redirect_uri"))
}

fn back(world: &mut World, call: &Call, platform: Platform, to: Option<&str>) -> Answer {
    let Ok(account) = world.account(call.asked("account")) else {
        return Answer::plain(400, json!({ "error": "access_denied" }));
    };
    let Some(mut url) = to.and_then(|to| url::Url::parse(to).ok()).filter(is_here) else {
        return Answer::plain(400, json!({ "error": "redirect_uri: an address of this machine" }));
    };
    let code = world.authorize(platform, account);
    url.query_pairs_mut().append_pair("code", &code);
    if platform != Platform::Shop {
        url.query_pairs_mut().append_pair("scopes", platform.scopes());
    }
    if let Some(state) = call.asked("state") {
        url.query_pairs_mut().append_pair("state", state);
    }
    Answer::elsewhere(url.into())
}

fn app_is(world: &World, key: Option<&str>, secret: Option<&str>) -> bool {
    key == Some(world.app.key.as_str()) && secret.is_some_and(|it| sign::equal(it, &world.app.secret))
}

// Login Kit: forms in, plain JSON out, errors as OAuth has them.

fn form(call: &Call) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&call.body).into_owned().collect()
}

fn login_error(error: &str, description: &str) -> Answer {
    Answer::plain(400, json!({ "error": error, "error_description": description, "log_id": "202611280000" }))
}

fn login_token(world: &mut World, call: &Call) -> Answer {
    let form = form(call);
    let asked = |name: &str| form.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
    if !app_is(world, asked("client_key"), asked("client_secret")) {
        return login_error("invalid_client", "Client key or secret is incorrect.");
    }
    let token = match asked("grant_type") {
        Some("authorization_code") => world.exchange(Platform::Login, asked("code").unwrap_or_default()),
        Some("refresh_token") => world.refresh(Platform::Login, asked("refresh_token").unwrap_or_default()),
        _ => return login_error("unsupported_grant_type", "grant_type"),
    };
    let Some(token) = token else { return login_error("invalid_grant", "It is over, used, or was never given.") };
    Answer::plain(200, pair(world, &token, call.at))
}

fn login_revoke(world: &mut World, call: &Call) -> Answer {
    let form = form(call);
    let asked = |name: &str| form.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
    if !app_is(world, asked("client_key"), asked("client_secret")) {
        return login_error("invalid_client", "Client key or secret is incorrect.");
    }
    world.revoke(Platform::Login, asked("token").unwrap_or_default());
    Answer::plain(200, json!({}))
}

/// A pair as Login Kit and the Business API write it: how long it lasts.
fn pair(world: &World, token: &Token, at: i64) -> Value {
    json!({
        "access_token": token.access,
        "expires_in": (token.access_until - at) / 1000,
        "refresh_token": token.refresh,
        "refresh_token_expires_in": (token.refresh_until - at) / 1000,
        "refresh_expires_in": (token.refresh_until - at) / 1000,
        "open_id": world.accounts[token.account].business_id,
        "scope": token.scopes,
        "token_type": "Bearer",
    })
}

// The Business API: JSON in, its envelope out.

fn business_token(world: &mut World, call: &Call) -> Answer {
    business(world, call, "authorization_code", |world| {
        world.exchange(Platform::Business, call.text("auth_code").unwrap_or_default())
    })
}

fn business_refresh(world: &mut World, call: &Call) -> Answer {
    business(world, call, "refresh_token", |world| {
        world.refresh(Platform::Business, call.text("refresh_token").unwrap_or_default())
    })
}

fn business(world: &mut World, call: &Call, grant: &str, get: impl FnOnce(&mut World) -> Option<Token>) -> Answer {
    if !app_is(world, call.text("client_id"), call.text("client_secret")) {
        return Answer::refused(40_001, "client_id or client_secret is incorrect.");
    }
    if call.text("grant_type") != Some(grant) {
        return Answer::refused(40_002, "grant_type: Not a valid choice.");
    }
    match get(world) {
        Some(token) => Answer::ok(pair(world, &token, call.at)),
        None => Answer::refused(40_105, "The code or refresh token is over, used, or was never given."),
    }
}

fn business_revoke(world: &mut World, call: &Call) -> Answer {
    if !app_is(world, call.text("client_id"), call.text("client_secret")) {
        return Answer::refused(40_001, "client_id or client_secret is incorrect.");
    }
    let revoked = world.revoke(Platform::Business, call.text("access_token").unwrap_or_default());
    if revoked { Answer::ok(json!({})) } else { Answer::refused(40_105, "Access token is incorrect or was revoked.") }
}

fn token_info(world: &mut World, call: &Call) -> Answer {
    if call.text("app_id") != Some(world.app.key.as_str()) {
        return Answer::refused(40_002, "app_id is incorrect.");
    }
    let Some(token) = world.token(Platform::Business, call.text("access_token").unwrap_or_default()) else {
        return Answer::refused(40_105, "Access token is incorrect or has been revoked.");
    };
    let creator = world.accounts[token.account].business_id.clone();
    Answer::ok(json!({ "app_id": world.app.key, "creator_id": creator, "scope": token.scopes }))
}

// The shop: everything in the address, instants in the answer.

fn shop_token(world: &mut World, call: &Call) -> Answer {
    shop(world, call, "authorized_code", |world| {
        world.exchange(Platform::Shop, call.asked("auth_code").unwrap_or_default())
    })
}

fn shop_refresh(world: &mut World, call: &Call) -> Answer {
    shop(world, call, "refresh_token", |world| {
        world.refresh(Platform::Shop, call.asked("refresh_token").unwrap_or_default())
    })
}

fn shop(world: &mut World, call: &Call, grant: &str, get: impl FnOnce(&mut World) -> Option<Token>) -> Answer {
    let keys = &world.shop_app;
    let secret = call.asked("app_secret").is_some_and(|it| sign::equal(it, &keys.secret));
    if call.asked("app_key") != Some(keys.key.as_str()) || !secret {
        return Answer::shop_refused(105_000, "app_key or app_secret is incorrect");
    }
    if call.asked("grant_type") != Some(grant) {
        return Answer::shop_refused(36_009_009, "grant_type is incorrect");
    }
    let Some(token) = get(world) else { return Answer::shop_refused(105_002, "it is over, used, or was never given") };
    let account = &world.accounts[token.account];
    Answer::shop(json!({
        "access_token": token.access,
        "access_token_expire_in": token.access_until / 1000,
        "refresh_token": token.refresh,
        "refresh_token_expire_in": token.refresh_until / 1000,
        "open_id": account.business_id,
        "seller_name": account.display_name,
        "seller_base_region": account.region,
        "user_type": 0,
        "granted_scopes": token.scopes.split(',').collect::<Vec<_>>(),
    }))
}
