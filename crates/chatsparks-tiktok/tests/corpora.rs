//! Every file of the fuzz corpora, given to its target: what was found once stays mended.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

fn replay(target: &str, run: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    files
        .map(|data| {
            // What is cut off anywhere is bad input as well.
            (0..=data.len().min(600)).step_by(11).for_each(|end| run(&data[..end]));
            run(&data);
        })
        .count()
}

#[test]
fn the_corpora_of_both_doors_hold() {
    assert!(replay("tiktok_business", chatsparks_tiktok::fuzz::business) > 20);
    assert!(replay("tiktok_shop", chatsparks_tiktok::fuzz::shop) > 15);
}

/// What is written for people holds what the code goes by.
#[test]
fn every_limit_stands_in_the_documentation_with_its_date() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tiktok.md")).unwrap();
    let table = text.split("## Limits").nth(1).unwrap().split("## ").next().unwrap();
    let rows: Vec<String> =
        table.lines().filter(|line| line.starts_with('|')).map(|line| line.replace(',', "")).collect();
    for [name, value, source, read] in chatsparks_tiktok::limits::all() {
        let stands = rows.iter().any(|row| row.contains(&value) && row.contains(&read));
        assert!(stands && !source.is_empty(), "{name}: {value}, read {read}");
    }
    for country in chatsparks_tiktok::reach::COUNTRIES {
        assert!(country.code.len() == 2 && country.code.bytes().all(|letter| letter.is_ascii_uppercase()));
    }
}
