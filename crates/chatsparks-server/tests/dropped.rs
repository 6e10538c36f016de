//! What is dropped lets go of its store, though an account brings events into the runtime whose channel it is.

#![allow(clippy::unwrap_used)]

use chatsparks_core::workspace::Workspace;
use chatsparks_ports::SystemClock;
use chatsparks_runtime::{Runtime, Settings, WorkspaceSetup};
use chatsparks_server::{Access, Options, router_with};
use chatsparks_sqlite::SqliteStore;
use chatsparks_tiktok::{Account, AccountSettings, AppKeys, BusinessSettings};
use std::{sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_service_that_is_stopped_and_dropped_gives_its_file_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let document: Workspace = serde_json::from_value(serde_json::json!({
        "schema": 1,
        "workspace": { "id": "glow", "name": "Glow", "account_user_id": "acct_glow" },
        "triggers": [], "flows": [],
    }))
    .unwrap();
    for _ in 0..2 {
        let store = SqliteStore::open(&path, Default::default()).unwrap();
        let clock = Arc::new(SystemClock::default());
        let mut settings = AccountSettings::new("glow".into());
        let app = AppKeys { key: "app-1".to_owned(), secrets: vec!["a secret".to_owned()] };
        settings.business = Some(BusinessSettings::new("biz-1", app));
        let account = Account::new(settings, clock.clone()).unwrap();
        let setup = WorkspaceSetup::new(document.clone(), "d").with_channel(Arc::new(account.channel(None)) as Arc<_>);
        let runtime = Runtime::start(Arc::new(store), clock, Settings::default(), vec![setup]).await.unwrap();
        let mut options = Options::default();
        options.tiktok = vec![account.clone()];
        let router = router_with(runtime.clone(), Access::open(), options);
        runtime.stop(Duration::from_secs(10)).await;
        drop((router, runtime, account));
    }
    // A file that is in use by anybody is refused.
    SqliteStore::open(&path, Default::default()).unwrap();
}
