//! What most people write first: every text lower-cased once, and a loop of `contains`.

use crate::synthetic::Set;
use chatsparks_core::{
    Comment,
    workspace::{Condition, Scope},
};
use std::collections::{BTreeMap, BTreeSet};

/// The loop, with everything looked up beforehand that can be.
#[derive(Debug)]
pub struct Loop {
    triggers: Vec<Trigger>,
    tags: BTreeMap<String, Vec<String>>,
}

#[derive(Debug)]
struct Trigger {
    /// Of each group one word must be found.
    groups: Vec<Vec<String>>,
    scope: Listens,
}

#[derive(Debug)]
enum Listens {
    Everywhere,
    Posts(BTreeSet<String>),
    Tags(Vec<String>),
}

impl Loop {
    /// The loop for a set.
    pub fn new(set: &Set) -> Self {
        let posts = set.workspace.posts.iter();
        let tags =
            posts.map(|post| (post.id.to_string(), post.tags.iter().map(|tag| tag.to_string()).collect())).collect();
        let triggers = set
            .workspace
            .triggers
            .iter()
            .map(|trigger| Trigger {
                groups: groups(&trigger.when),
                scope: match &trigger.scope {
                    Scope::All => Listens::Everywhere,
                    Scope::Posts(posts) => Listens::Posts(posts.iter().map(|post| post.to_string()).collect()),
                    Scope::Tags(tags) => Listens::Tags(tags.iter().map(|tag| tag.to_string()).collect()),
                },
            })
            .collect();
        Self { triggers, tags }
    }

    /// The first trigger whose words stand in the text, and that listens to the post: words first.
    pub fn words_first(&self, comment: &Comment) -> Option<usize> {
        let text = comment.text.as_str().to_lowercase();
        self.triggers.iter().position(|trigger| trigger.matches(&text) && self.listens(trigger, comment))
    }

    /// The same, scopes first.
    pub fn scope_first(&self, comment: &Comment) -> Option<usize> {
        let text = comment.text.as_str().to_lowercase();
        self.triggers.iter().position(|trigger| self.listens(trigger, comment) && trigger.matches(&text))
    }

    fn listens(&self, trigger: &Trigger, comment: &Comment) -> bool {
        match &trigger.scope {
            Listens::Everywhere => true,
            Listens::Posts(posts) => posts.contains(comment.post_id.as_str()),
            Listens::Tags(wanted) => {
                let tags = self.tags.get(comment.post_id.as_str());
                tags.is_some_and(|tags| tags.iter().any(|tag| wanted.contains(tag)))
            }
        }
    }
}

impl Trigger {
    fn matches(&self, text: &str) -> bool {
        self.groups.iter().all(|group| group.iter().any(|word| text.contains(word.as_str())))
    }
}

/// The words of a condition of synthetic triggers, lower-cased: groups, of which each must be found.
pub fn groups(condition: &Condition) -> Vec<Vec<String>> {
    match condition {
        Condition::Keywords(keywords) => vec![keywords.words.iter().map(|word| word.to_lowercase()).collect()],
        Condition::All(parts) => parts.iter().flat_map(groups).collect(),
        _ => Vec::new(),
    }
}
