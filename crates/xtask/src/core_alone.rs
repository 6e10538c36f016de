//! The core by itself: that it builds without its siblings, and knows nothing of the host.
//!
//! Cargo unifies features: when a sibling asks chrono for its clock, the core gets it too, and a build of the whole
//! workspace hides that it should not. Asked for the core alone, cargo resolves the core alone.

use crate::{
    Result,
    run::{cargo, output, run as start},
};
use std::collections::{BTreeMap, BTreeSet};

/// All that may stand below the core, and the features it may have there; `None`: any.
///
/// A new library in the core is a decision (`docs/decisions/`), so it has to be written here as well. None of these
/// reads a clock, randomness, the environment or a file in what the core uses of it.
const ADMITTED: &[(&str, Option<&[&str]>)] = &[
    ("aho-corasick", None),
    // Without `clock`, `now` and `std`, which would give it the time of the machine.
    ("chrono", Some(&["alloc"])),
    ("dary_heap", None),
    // Maps with the hasher given, and that hasher with fixed seeds: see the driver's `shelf`.
    ("equivalent", None),
    ("foldhash", Some(&[])),
    ("hashbrown", Some(&["inline-more"])),
    ("memchr", None),
    ("num-traits", None),
    ("regex", None),
    ("regex-automata", None),
    ("regex-syntax", None),
    ("serde", None),
    ("serde_core", None),
    ("smallvec", None),
    ("thiserror", None),
    // Macros and what builds them: they run on the developer's machine only.
    ("autocfg", None),
    ("proc-macro2", None),
    ("quote", None),
    ("serde_derive", None),
    ("syn", None),
    ("thiserror-impl", None),
    ("unicode-ident", None),
];

/// Checks what stands below the core, and builds it alone.
pub(crate) fn run() -> Result {
    let tree = ["tree", "--package", "chatsparks-core", "--locked", "--edges", "normal,build"];
    let format = ["--prefix", "none", "--format", "{p}|{f}"];
    let faults = faults(&output(cargo(&tree).args(format))?);
    if !faults.is_empty() {
        return Err(faults.join("\n").into());
    }
    println!("chatsparks-core stands on admitted libraries and features only");
    start(&mut cargo(&["check", "--package", "chatsparks-core", "--locked"]))
}

/// What a listing of `name vVERSION|feature,feature` has that is not admitted.
fn faults(listing: &str) -> Vec<String> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in listing.lines() {
        let Some((package, features)) = line.split_once('|') else { continue };
        let name = package.split(' ').next().unwrap_or_default();
        // A package that was listed before is listed again as `… (*)`.
        let features = features.trim_end_matches(" (*)").split(',').filter(|feature| !feature.is_empty());
        found.entry(name).or_default().extend(features);
    }
    found.remove("chatsparks-core");
    let mut faults = Vec::new();
    if found.is_empty() {
        faults.push("nothing stands below chatsparks-core: the listing was not understood".to_owned());
    }
    for (name, features) in found {
        match ADMITTED.iter().find(|(admitted, _)| *admitted == name) {
            None => faults.push(format!("chatsparks-core depends on `{name}`, which is not admitted there")),
            Some((_, Some(admitted))) => {
                let others = features.iter().filter(|feature| !admitted.contains(feature));
                faults.extend(others.map(|feature| format!("chatsparks-core has `{name}` with feature `{feature}`")));
            }
            Some((_, None)) => {}
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn what_is_not_admitted_below_the_core_is_named() {
        let core = "chatsparks-core v0.1.0 (/repository)|\n";
        assert_eq!(faults(&format!("{core}chrono v0.4.45|alloc\nmemchr v2.8.0|alloc,std (*)")), [""; 0]);
        assert_eq!(
            faults(&format!("{core}chrono v0.4.45|alloc,clock,now")),
            ["chatsparks-core has `chrono` with feature `clock`", "chatsparks-core has `chrono` with feature `now`"]
        );
        assert_eq!(
            faults(&format!("{core}rand v0.9.0|")),
            ["chatsparks-core depends on `rand`, which is not admitted there"]
        );
        assert_eq!(faults(core).len(), 1);
    }
}
