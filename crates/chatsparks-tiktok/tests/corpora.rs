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
