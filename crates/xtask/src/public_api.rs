//! The names that an embedder may write: those of the façade, written down and held to what is there.
//!
//! The documentation's own list of all items is what is read: it has what is public, and nothing that is hidden.

use crate::{
    Result, root,
    run::{cargo, run as start},
};
use std::{collections::BTreeSet, fs};

/// Where the names stand.
const LIST: &str = "docs/reference/public-api.txt";

/// Writes the list anew, or says how it differs from what is public.
pub(crate) fn run(check: bool) -> Result {
    start(&mut cargo(&["doc", "--package", "chatsparks", "--no-deps", "--all-features", "--locked", "--quiet"]))?;
    let page = fs::read_to_string(root().join("target/doc/chatsparks/all.html"))?;
    let names = names(&page);
    if names.len() < 100 {
        return Err(
            format!("{} public names were found: the documentation's list reads differently now", names.len()).into()
        );
    }
    let text = names.iter().fold(String::new(), |text, name| text + name + "\n");
    let path = root().join(LIST);
    if !check {
        fs::write(path, text)?;
        return Ok(());
    }
    let written = fs::read_to_string(path)?;
    let written: BTreeSet<&str> = written.lines().collect();
    let public: BTreeSet<&str> = text.lines().collect();
    let differences: Vec<String> = (written.difference(&public).map(|name| format!("- {name}")))
        .chain(public.difference(&written).map(|name| format!("+ {name}")))
        .collect();
    if differences.is_empty() {
        println!("{} public names, as written down", public.len());
        return Ok(());
    }
    let text = differences.join("\n");
    Err(format!("{LIST} is not what is public; where that is meant, run `cargo xtask public-api`\n{text}").into())
}

/// `struct Engine` and the like, out of links such as `<a href="event/struct.Comment.html">event::Comment</a>`.
fn names(page: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for link in page.split("<a href=\"").skip(1) {
        let Some((target, rest)) = link.split_once("\">") else { continue };
        let Some((name, _)) = rest.split_once("</a>") else { continue };
        let file = target.rsplit('/').next().unwrap_or(target);
        let Some(kind) = file.strip_suffix(&format!("{}.html", name.rsplit("::").next().unwrap_or(name))) else {
            continue;
        };
        let kind = kind.trim_end_matches('.');
        if !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase()) {
            names.insert(format!("{name} ({kind})"));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_read_with_their_kinds() {
        let page = r#"<li><a href="struct.Engine.html">Engine</a></li><a href="event/enum.Act.html">event::Act</a>
            <a href="../help.html">Help</a>"#;
        let names: Vec<String> = super::names(page).into_iter().collect();
        assert_eq!(names, ["Engine (struct)", "event::Act (enum)"]);
    }
}
