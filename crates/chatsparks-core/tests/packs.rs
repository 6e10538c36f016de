//! How well the packs find what they are about, among messages that people wrote. The numbers stand in `docs/matching.md`.

#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use chatsparks_core::{Engine, Scratch, pack_words, workspace::Workspace};
use serde_json::json;
use std::collections::BTreeSet;

/// The text as received: `\u{..}` is a character, `\\` a backslash.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('\\') {
            out.push('\\');
            rest = after;
        } else {
            let (number, after) = after.strip_prefix("u{").unwrap().split_once('}').unwrap();
            out.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
            rest = after;
        }
    }
    out + rest
}

fn workspace(when: impl Fn(&str) -> serde_json::Value) -> Workspace {
    let packs: BTreeSet<&str> = pack_words().map(|word| word.pack).collect();
    let triggers: Vec<_> = packs.iter().map(|pack| json!({ "id": pack, "when": when(pack), "flow": "f" })).collect();
    serde_json::from_value(json!({
        "workspace": { "id": "w", "name": "W", "account_user_id": "acct" },
        "triggers": triggers,
        "flows": [{ "id": "f", "version": 1, "blocks": [{ "id": "b", "tag": { "tag": "t" } }] }]
    }))
    .unwrap()
}

#[test]
fn c4_the_packs_are_as_precise_and_as_complete_as_is_told() {
    let engine = Engine::compile(workspace(|pack| json!({ "pack": pack }))).unwrap();
    let mut scratch = Scratch::default();
    let data = include_str!("packs/thai.tsv");
    let rows: Vec<(BTreeSet<&str>, BTreeSet<String>)> = data
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let wanted = columns[2].split(',').filter(|pack| *pack != "-").collect();
            let text = unescaped(columns[1]);
            let mut trial = engine.try_text(&text, None, &mut scratch);
            (wanted, trial.matching().map(|trigger| trigger.to_string()).collect())
        })
        .collect();
    let percent = |part: usize, of: usize| match of {
        0 => "–".to_owned(),
        of => format!("{:.1}", part as f64 * 100.0 / of as f64),
    };
    let mut table = String::new();
    for pack in pack_words().map(|word| word.pack).collect::<BTreeSet<_>>() {
        let is_wanted = |row: &&(BTreeSet<&str>, BTreeSet<String>)| row.0.contains(pack);
        let wanted = rows.iter().filter(is_wanted).count();
        let found = rows.iter().filter(|row| row.1.contains(pack)).count();
        let both = rows.iter().filter(is_wanted).filter(|row| row.1.contains(pack)).count();
        let words = pack_words().filter(|word| word.pack == pack).count();
        let (precision, recall) = (percent(both, found), percent(both, wanted));
        table += &format!("| `{pack}` | {words} | {} | {wanted} | {found} | {precision} | {recall} |\n", rows.len());
    }
    let page = include_str!("../../../docs/matching.md");
    assert!(page.contains(&table), "docs/matching.md should have:\n{table}");
}

#[test]
fn c4_a_pack_is_its_words_each_in_its_mode() {
    let by_name = Engine::compile(workspace(|pack| json!({ "pack": pack, "languages": ["vi", "th"] }))).unwrap();
    let by_words = Engine::compile(workspace(|pack| {
        let words = pack_words().filter(|word| word.pack == pack && ["th", "vi"].contains(&word.language));
        let lists: Vec<_> = words
            .map(|word| {
                json!({ "keywords": { "words": [word.word], "match": word.mode, "ignore_accents": word.ignore_accents,
                    "squeeze": word.squeeze } })
            })
            .collect();
        json!({ "any": lists })
    }))
    .unwrap();
    let (mut one, mut other) = (Scratch::default(), Scratch::default());
    let texts = ["giá", "gia", "BAO NHIEU", "ราคาาาา", "ราคา", "harga", "price", "cam on shop", "cảm ơn", "phí ship?"];
    for text in texts.into_iter().chain(pack_words().map(|word| word.word)) {
        let by_name = by_name.try_text(text, None, &mut one).explain_all().collect::<Vec<_>>();
        assert_eq!(by_name, by_words.try_text(text, None, &mut other).explain_all().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn f10_a_pack_and_its_languages_must_be_shipped() {
    let fault = |when: serde_json::Value| {
        let mut workspace = workspace(|_| when.clone());
        workspace.triggers.truncate(1);
        let faults = Engine::check(&workspace).faults;
        faults
            .iter()
            .map(|fault| format!("{} {}: {}", fault.path, fault.code.as_str(), fault.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(fault(json!({ "pack": "price", "languages": ["id"] })), Vec::<String>::new());
    assert_eq!(
        fault(json!({ "any": [{ "pack": "prise" }, { "pack": "weather", "languages": ["th", "vn"] }] })),
        [
            "triggers[0].when.any[0].pack unknown: there is no pack `prise`: did you mean `price`?",
            "triggers[0].when.any[1].pack unknown: there is no pack `weather`: there are `price`, `link`, `stock`, \
             `shipping`, `size`, `human`, `thanks`, `stop`",
            "triggers[0].when.any[1].languages[1] unknown: packs have no words in the language `vn`: did you mean `en`?",
        ]
    );
}

#[test]
fn c4_a_pack_is_read_and_written_as_one_object() {
    use chatsparks_core::workspace::Condition;
    for text in [r#"{"pack":"price"}"#, r#"{"pack":"price","languages":["th","vi"]}"#, r#"{"not":{"pack":"stop"}}"#] {
        let read: Condition = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
    let turned: Condition = serde_json::from_str(r#"{"languages":["th"],"pack":"price"}"#).unwrap();
    assert_eq!(serde_json::to_string(&turned).unwrap(), r#"{"pack":"price","languages":["th"]}"#);
    for (text, wanted) in [
        (r#"{"languages":["th"]}"#, "missing field `pack`"),
        (r#"{"pack":"price","langauges":["th"]}"#, "unknown field `langauges`, expected `pack` or `languages`"),
        (r#"{"pack":"price","pack":"link"}"#, "duplicate field `pack`"),
        (r#"{"pack":5}"#, "invalid type: integer `5`, expected a string"),
        (r#""pack""#, "invalid type: unit variant, expected newtype variant"),
        (r#"{"reply":null,"pack":"x"}"#, "nothing stands beside `reply`: `all` puts conditions together"),
        (r#"{}"#, "a condition needs a name, such as `keywords`"),
        (r#"{"pakc":"x"}"#, "unknown variant `pakc`"),
    ] {
        let error = serde_json::from_str::<Condition>(text).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{text}: {error}");
    }
}
