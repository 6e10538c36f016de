//! People.

use super::{Refusal, World};
use crate::control::{Identity, Traits};

/// A person, as TikTok knows them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Their username.
    pub(crate) name: String,
    /// TikTok's name for them in comments and messages.
    pub(crate) unique_identifier: String,
    /// The shop's name for them, which nothing joins to the other.
    pub(crate) buyer_user_id: String,
    pub(crate) region: String,
    pub(crate) adult: bool,
    pub(crate) follower: bool,
    pub(crate) takes_messages: bool,
    /// How many things they made: names their next one.
    pub(crate) made: u32,
    /// Who they are in a crowd.
    pub(crate) character: Option<super::crowd::Character>,
}

/// The European Economic Area, Switzerland and the United Kingdom: no messages there.
const CLOSED: [&str; 32] = [
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT",
    "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Whether messages are to be had there.
pub(crate) fn has_messages(region: &str) -> bool {
    !CLOSED.contains(&region)
}

/// Whether a commenter there can be answered by a message: Asia and the Pacific, Latin America, the Middle East, Africa,
/// Türkiye and Pakistan. Europe and North America are what is left.
pub(super) fn can_be_answered(region: &str) -> bool {
    has_messages(region) && !matches!(region, "US" | "CA")
}

impl World {
    /// A person by their name; they come to be when they are first named.
    pub(crate) fn person(&mut self, name: &str) -> Result<&mut Person, Refusal> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(Refusal::new(40_002, format!("`{name}` is no name: letters, digits, `_` and `.`, up to 64")));
        }
        if self.accounts.iter().any(|account| account.username == name) {
            return Err(Refusal::new(40_002, format!("`{name}` is an account")));
        }
        if !self.people.contains_key(name) {
            let now = self.clock.now();
            let person = Person {
                name: name.to_owned(),
                unique_identifier: self.ids.opaque(&["person", name]),
                buyer_user_id: self.ids.long(now, &["buyer", name]).to_string(),
                region: self.accounts.first().map_or_else(|| "TH".to_owned(), |account| account.region.clone()),
                adult: true,
                follower: false,
                takes_messages: true,
                made: 0,
                character: None,
            };
            self.identifiers.insert(person.unique_identifier.clone(), person.name.clone());
            self.people.insert(name.to_owned(), person);
        }
        self.people.get_mut(name).ok_or_else(|| Refusal::new(51_065, "nobody is there"))
    }

    /// A person who is there already.
    pub(crate) fn known(&self, name: &str) -> Option<&Person> {
        self.people.get(name)
    }

    /// A number of what this person makes next, for its id.
    pub(super) fn makes(&mut self, name: &str) -> Result<String, Refusal> {
        let person = self.person(name)?;
        person.made += 1;
        Ok(person.made.to_string())
    }

    /// Says who somebody is.
    pub(crate) fn describe(&mut self, traits: &Traits) -> Result<Identity, Refusal> {
        let region = traits.region.as_ref().map(|region| region.to_uppercase());
        if region.as_ref().is_some_and(|it| it.len() != 2 || !it.chars().all(|c| c.is_ascii_uppercase())) {
            return Err(Refusal::new(40_002, "a region is two letters"));
        }
        let person = self.person(&traits.name)?;
        person.region = region.unwrap_or_else(|| person.region.clone());
        person.adult = traits.adult.unwrap_or(person.adult);
        person.follower = traits.follower.unwrap_or(person.follower);
        person.takes_messages = traits.takes_messages.unwrap_or(person.takes_messages);
        Ok(person.identity())
    }

    /// Everybody there is.
    pub(crate) fn identities(&self) -> Vec<Identity> {
        self.people.values().map(Person::identity).collect()
    }
}

impl Person {
    fn identity(&self) -> Identity {
        let Self { name, unique_identifier, buyer_user_id, .. } = self.clone();
        Identity { name, unique_identifier, buyer_user_id }
    }
}
