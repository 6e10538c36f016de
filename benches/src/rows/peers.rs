//! Other engines on the same comments and triggers, each in a program of its own, by turns with ours.

use crate::{
    measure::{ROUNDS, with_setup},
    naive::groups,
    report::{Row, Target},
    rows::matching::judge_all,
    synthetic::{NOW, Set},
};
use chatsparks_core::{Scratch, workspace::Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What a peer answers.
#[derive(Deserialize)]
struct Answered {
    each: f64,
    answers: Vec<Option<String>>,
}

/// A peer, ready to run.
struct Peer {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    /// How it is given the triggers, where there are several ways.
    way: Option<&'static str>,
}

/// The rows on peers, and what is to be said where one cannot run.
pub fn rows(hundred: &Set, thousand: &Set, benches: &Path) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    let wanted = [
        (zen(benches), thousand, Some(Target::AtLeast(200.0, 400.0)), 100),
        (json_rules(benches, "conditions"), hundred, Some(Target::AtLeast(2_500.0, 4_000.0)), 60),
        (json_rules(benches, "lists"), hundred, None, 60),
    ];
    for (peer, set, target, count) in wanted {
        match peer.and_then(|peer| compare(&peer, set, target, count, benches)) {
            Ok(row) => rows.push(row),
            Err(why) => notes.push(why),
        }
    }
    (rows, notes)
}

fn zen(benches: &Path) -> Result<Peer, String> {
    let folder = benches.join("peers/zen");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--release", "--locked", "--quiet"]).current_dir(&folder).status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("zen-engine was not measured: it could not be built here.".to_owned());
    }
    Ok(Peer { name: "zen-engine", program: folder.join("target/release/peer-zen"), arguments: Vec::new(), way: None })
}

fn json_rules(benches: &Path, way: &'static str) -> Result<Peer, String> {
    let folder = benches.join("peers/json-rules");
    let installed = folder.join("node_modules").is_dir()
        || Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--silent"])
            .current_dir(&folder)
            .status()
            .is_ok_and(|status| status.success());
    if !installed {
        return Err("json-rules-engine was not measured: node or npm is not there, or could not fetch it.".to_owned());
    }
    let (name, program) = ("json-rules-engine", "node".into());
    Ok(Peer { name, program, arguments: vec![folder.join("peer.mjs")], way: Some(way) })
}

impl Peer {
    fn run(&self, set: &Path, count: usize) -> Result<Answered, String> {
        let mut command = Command::new(&self.program);
        let output = command.args(&self.arguments).arg(set).arg(count.to_string()).args(self.way).output();
        let output = output.map_err(|error| format!("{} was not measured: {error}.", self.name))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{} was not measured: {}.", self.name, said.lines().next().unwrap_or("it failed")));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("{} was not understood: {error}.", self.name))
    }
}

fn compare(peer: &Peer, set: &Set, target: Option<Target>, count: usize, benches: &Path) -> Result<Row, String> {
    let triggers = set.triggers;
    let file = benches.join(format!("../target/peers-{triggers}.json"));
    let written = serde_json::to_vec(&export(set, count)).map_err(|error| error.to_string())?;
    fs::write(&file, written).map_err(|error| format!("`{}`: {error}", file.display()))?;
    let mut scratch = Scratch::default();
    let (mut ours, mut theirs, mut answers) = (f64::MAX, f64::MAX, Vec::new());
    for _ in 0..ROUNDS.max(5) {
        let judged = with_setup(9, || (), |()| assert!(judge_all(&set.engine, set, &mut scratch) > 0));
        ours = ours.min(judged / set.comments.len() as f64);
        let answered = peer.run(&file, count)?;
        theirs = theirs.min(answered.each);
        answers = answered.answers;
    }
    let judged = set.comments.iter().zip(&set.contacts).zip(&answers);
    let differ = judged.filter(|((comment, contact), theirs)| {
        let outcome = set.engine.judge(Some(contact), comment, NOW, &mut scratch);
        outcome.trigger.as_ref().map(|trigger| trigger.as_str()) != theirs.as_deref()
    });
    let differ = differ.count();
    let way = peer.way.map(|way| format!(" by {way}")).unwrap_or_default();
    let what = format!("{}{way} ÷ verdict at {triggers} triggers ({differ} of {count} answers differ)", peer.name);
    // What has no target is turned the same way round.
    let row = Row::ratio(what, (ours, theirs), 1, target.unwrap_or(Target::AtLeast(1.0, 1.0)));
    Ok(Row { target: row.target.filter(|_| target.is_some()), ..row })
}

/// The triggers and the first comments of a set, as peers read them.
fn export(set: &Set, count: usize) -> Value {
    let posts = set.workspace.posts.iter();
    let tags: BTreeMap<&str, Vec<&str>> =
        posts.map(|post| (post.id.as_str(), post.tags.iter().map(|tag| tag.as_str()).collect())).collect();
    let triggers: Vec<Value> = set
        .workspace
        .triggers
        .iter()
        .map(|trigger| {
            let (posts, tags) = match &trigger.scope {
                Scope::All => (Vec::new(), Vec::new()),
                Scope::Posts(posts) => (posts.iter().map(|post| post.as_str()).collect(), Vec::new()),
                Scope::Tags(tags) => (Vec::new(), tags.iter().map(|tag| tag.as_str()).collect()),
            };
            json!({ "id": trigger.id, "groups": groups(&trigger.when), "posts": posts, "tags": tags })
        })
        .collect();
    let comments: Vec<Value> = set.comments[..count]
        .iter()
        .map(|comment| {
            let post = comment.post_id.as_str();
            json!({ "text": comment.text.as_str(), "post": post, "tags": tags.get(post).into_iter().flatten().collect::<Vec<_>>() })
        })
        .collect();
    json!({ "triggers": triggers, "comments": comments })
}
