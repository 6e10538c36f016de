//! Permissions of all three platforms, given by the simulated TikTok: had for a code, renewed ahead of their end, kept
//! through crashes, and taken back.

use crate::world::Program;
use base64::{Engine, prelude::BASE64_STANDARD};
use chatsparks_core::{Instant, Period};
use chatsparks_ports::{Clock, ManualClock};
use chatsparks_tiktok::{
    AppKeys, AskError, FirstToken, Permission, PermissionSettings, Platform, Sealer, authorize_url,
};
use chatsparks_tiktok_sim::{
    ClockMode, Settings, Simulator,
    control::{Control, Platform as Of, TokenFault, TokenMishap},
};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const START: i64 = 1_764_000_000_000;
const BACK: &str = "http://127.0.0.1/back/";

struct Town {
    tiktok: Simulator,
    control: Control,
    clock: ManualClock,
    program: Arc<Program>,
}

impl Town {
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut settings = Settings::default();
        (settings.clock, settings.start) = (ClockMode::Virtual, Some(START));
        let tiktok = Simulator::start(settings).await.unwrap();
        let control = tiktok.control().unwrap();
        let clock = ManualClock::new(Instant::from_milliseconds(START));
        Self { tiktok, control, clock, program: Program::new("open") }
    }

    async fn pass(&self, seconds: i64) {
        self.clock.pass(Period::seconds(seconds));
        self.control.advance_seconds(seconds.unsigned_abs()).await.unwrap();
    }

    fn now(&self) -> Instant {
        self.clock.wall()
    }

    /// The owner lets the app in, on the platform's page: the code that they come back with.
    async fn code(&self, platform: Platform) -> String {
        let keys = self.tiktok.credentials();
        let (app, scopes) = match platform {
            Platform::Shop => (&keys.service_id, [].as_slice()),
            Platform::Login | Platform::Business => (&keys.client_key, ["user.info.basic"].as_slice()),
        };
        let url = authorize_url(platform, app, BACK, "state 1", scopes);
        let page = url.strip_prefix("https://").and_then(|url| url.split_once('/')).unwrap().1;
        // The simulator has one page for two platforms, and the real shop knows where to go back to.
        let more = match platform {
            Platform::Login => "&platform=login".to_owned(),
            Platform::Business => String::new(),
            Platform::Shop => format!("&redirect_uri={BACK}"),
        };
        let mut stream = TcpStream::connect(self.tiktok.address()).await.unwrap();
        let head = format!("GET /{page}{more} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let to = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_else(|| panic!("{answer}"));
        let to = url::Url::parse(to.trim()).unwrap();
        let found = |name: &str| to.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned());
        assert_eq!(found("state").as_deref(), Some("state 1"));
        found("code").unwrap()
    }

    fn settings(&self, platform: Platform, code: &str) -> PermissionSettings {
        let keys = self.tiktok.credentials();
        let app = |key: &str, secret: &str| AppKeys { key: key.to_owned(), secrets: vec![secret.to_owned()] };
        let (app, url) = match platform {
            Platform::Login => (app(&keys.client_key, &keys.client_secret), &keys.login_url),
            Platform::Business => (app(&keys.client_key, &keys.client_secret), &keys.business_url),
            Platform::Shop => (app(&keys.app_key, &keys.app_secret), &keys.login_url),
        };
        let sealer = Sealer::new(&[BASE64_STANDARD.encode([7; 32])]).unwrap();
        let first = FirstToken::Code { code: code.to_owned(), redirect: BACK.to_owned() };
        let mut settings = PermissionSettings::new("glow".into(), platform, app, first, sealer);
        settings.url.clone_from(url);
        settings
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_becomes_tokens_that_are_renewed_ahead_and_survive_a_crash_on_all_three_platforms() {
    for (platform, of, life) in [
        (Platform::Login, Of::Login, 7_200),
        (Platform::Business, Of::Business, 86_400),
        (Platform::Shop, Of::Shop, 7 * 86_400),
    ] {
        let town = Town::new().await;
        let (host, code) = (&*town.program, town.code(platform).await);
        let mut permission = Permission::new(town.settings(platform, &code)).unwrap();
        let mut shown = Vec::new();
        let mut before = permission.token(host, town.now()).await.unwrap();
        shown.push(before.clone());
        for round in 0..4 {
            // Three quarters of its time: it is renewed while it is good still.
            town.pass(life * 3 / 4 - 1).await;
            assert!(permission.token(host, town.now()).await.unwrap() == before, "{platform:?} {round}");
            town.pass(1).await;
            let token = permission.token(host, town.now()).await.unwrap();
            assert!(token != before, "{platform:?} {round}: ahead of its end");
            assert!(!shown.contains(&token), "{platform:?}");
            shown.push(token.clone());
            // A crash: the code is used up, and so is every refresh token but the last.
            permission = Permission::new(town.settings(platform, &code)).unwrap();
            before = permission.token(host, town.now()).await.unwrap();
            assert!(before == token, "{platform:?} {round}");
        }
        // One that is not taken any more is replaced, however long it says that it is good.
        let expired = TokenFault { account: None, platform: of, what: TokenMishap::ExpireAccess };
        town.control.tokens(&expired).await.unwrap();
        let another = permission.another(host, town.now(), &before).await.unwrap();
        assert!(another != before);
        let standing = permission.standing();
        assert!(standing.authorised && standing.connected == Some(Instant::from_milliseconds(START)), "{standing:?}");
        assert!(!standing.scopes.is_empty(), "{platform:?} says what it admits");
        // Taken back: nothing but the person helps.
        town.control.tokens(&TokenFault { what: TokenMishap::Revoke, ..expired }).await.unwrap();
        let refused = permission.another(host, town.now(), &another).await;
        assert!(matches!(&refused, Err(AskError::Stopped(why)) if why.contains("authorise")), "{refused:?}");
        assert!(!permission.standing().authorised);
        // The same code again is used up; a new one begins anew.
        let code = town.code(platform).await;
        let anew = Permission::new(town.settings(platform, &code)).unwrap();
        let token = anew.token(host, town.now()).await.unwrap();
        assert!(!shown.contains(&token));
        let noted = town.program.noted();
        let said = format!("{permission:?} {anew:?} {another:?} {refused:?} {noted}");
        for token in shown {
            assert!(!said.contains(token.reveal()), "a token is shown");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_over_says_so() {
    for platform in [Platform::Login, Platform::Business, Platform::Shop] {
        let town = Town::new().await;
        let code = town.code(platform).await;
        town.pass(1_801).await;
        let permission = Permission::new(town.settings(platform, &code)).unwrap();
        let refused = permission.token(&*town.program, town.now()).await;
        assert!(matches!(refused, Err(AskError::Stopped(_))), "{platform:?} {refused:?}");
        let standing = permission.standing();
        assert!(!standing.authorised && standing.why.is_some_and(|why| why.contains("authorise")), "{platform:?}");
    }
}
