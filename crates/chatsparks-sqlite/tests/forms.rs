//! S3: a release writes its predecessor's forms until the store is upgraded, and refuses what is newer than it knows.

use chatsparks_core::{Contact, ContactOfVersion1, FORMS, Key, Row, Stored};
use chatsparks_ports::Archive;
use chatsparks_sqlite::{Options, SqliteStore};
use chatsparks_testkit::store_suite::{
    block_on,
    make::{at, commit, contact, due, put, queued, shard},
};
use rusqlite::Connection;
use std::path::Path;

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Options::default()).unwrap()
}

fn set_level(path: &Path, level: i64) {
    let file = Connection::open(path).unwrap();
    let changed = file.execute("UPDATE meta SET value = ?1 WHERE name = 'forms'", [level]).unwrap();
    assert_eq!(changed, 1);
}

fn forms(path: &Path) -> Vec<(String, String)> {
    let file = Connection::open(path).unwrap();
    let mut select = file.prepare("SELECT user_id, form FROM contact ORDER BY user_id").unwrap();
    let forms = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    forms.map(Result::unwrap).collect()
}

async fn write(store: &SqliteStore, rows: Vec<Row>) {
    let mut all = commit(1);
    all.rows = rows;
    put(store, &shard(0), all).await.unwrap();
}

/// Contacts as they were when there was only version 1: one in conversation with a flow, one who waits for room.
fn rows() -> Vec<Row> {
    let flow = r#"{"conversation":{"id":2,"state":"bot","run":{"trigger":"t","comment_id":"c","comment_at":"2026-03-02T10:00:00Z","post_id":"v","flow":"f","version":3},"stands":{"block":"b","waits":"reply","mismatches":1},"close":"2026-03-03T10:00:00Z"},"tags":["vip"],"fields":{"size":"30ml"}}"#;
    vec![due("due", at(5)), contact("in a flow", flow), queued("queued", at(9)), contact("silent", "{}")]
}

#[test]
fn s3_the_predecessors_forms_are_written_until_the_store_is_upgraded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    assert_eq!(open(&path).forms(), FORMS, "a new store is of the newest");
    set_level(&path, 0);
    let store = open(&path);
    assert_eq!(store.forms(), 0);
    let other = contact("human", r#"{"conversation":{"id":1,"state":"human","last_in_human":"2026-03-02T10:00:00Z"}}"#);
    block_on(write(&store, [rows(), vec![other.clone()]].concat()));
    for (user_id, form) in forms(&path) {
        // What version 1 cannot hold is not lost for the sake of whoever reads it.
        let version = if user_id == "human" { 2 } else { 1 };
        assert!(form.starts_with(&format!(r#"{{"v":{version},"#)), "{form}");
        if version == 1 {
            // The predecessor reads it, all of it.
            let past: ContactOfVersion1 = serde_json::from_str::<Stored<'static, _>>(&form).unwrap().into_inner();
            let now: Contact = serde_json::from_str::<Stored<'static, _>>(&form).unwrap().into_inner();
            assert_eq!(past.contact, now);
        }
    }
    let holds = async |store: &SqliteStore| {
        for row in rows().into_iter().chain([other.clone()]) {
            assert_eq!(store.row(&"glow".into(), &row.key()).await.unwrap(), Some(row));
        }
    };
    block_on(holds(&store));
    // Upgraded, it writes what is new; what stands is read as ever, by this process and the next.
    assert_eq!(block_on(store.upgrade()).unwrap(), FORMS);
    block_on(holds(&store));
    block_on(write(&store, vec![contact("silent", "{}")]));
    drop(store);
    let store = open(&path);
    assert_eq!(store.forms(), FORMS);
    block_on(holds(&store));
    let written: Vec<_> = forms(&path).into_iter().map(|(user_id, form)| (user_id, form.as_bytes()[5])).collect();
    let expected = [("due", b'1'), ("human", b'2'), ("in a flow", b'1'), ("queued", b'1'), ("silent", b'2')];
    assert_eq!(written, expected.map(|(user_id, version)| (user_id.to_owned(), version)));
    assert!(block_on(store.row(&"glow".into(), &Key::Contact("nobody".into()))).unwrap().is_none());
}

#[test]
fn s3_a_downgrade_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    drop(open(&path));
    set_level(&path, i64::from(FORMS) + 1);
    let newer = format!("forms are of level {}", FORMS + 1);
    for refused in [SqliteStore::open(&path, Options::default()).err(), SqliteStore::open_to_read(&path).err()] {
        let told = refused.unwrap().to_string();
        assert!(told.contains(&newer) && told.contains("use a newer one"), "{told}");
    }
}

/// A store that was made before there were levels says nothing, and has the forms of the first that was released.
#[test]
fn s3_a_store_without_a_level_is_of_the_first_release() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    drop(open(&path));
    Connection::open(&path).unwrap().execute("DELETE FROM meta WHERE name = 'forms'", []).unwrap();
    assert_eq!(open(&path).forms(), 1);
    assert_eq!(SqliteStore::open_to_read(&path).unwrap().forms(), 1);
}
