//! Glow Cosmetics: how the example in `examples/glow` was made.
//!
//! Everything is drawn from seeded dice, so that the same program writes the same bytes on every machine.
//! A concern a file: what the shop sells and says, what buyers write and how they spell it, and what happens.

mod catalogue;
mod clock;
mod comments;
mod conversations;
mod dice;
mod event;
mod flows;
mod json;
mod orders;
mod people;
mod posts;
mod speech;
mod spelling;
mod talk;
mod triggers;
mod walk;
mod words;
mod workspace;

/// The files of the example, as text.
pub struct Glow {
    /// `workspace.json`.
    pub workspace: String,
    /// `history.jsonl`: comments over six weeks.
    pub history: String,
    /// `conversations.jsonl`: comments, messages and orders over two weeks.
    pub conversations: String,
}

/// Makes the example out of the text of `real-messages.txt`: a notice, an empty line, a message a line.
pub fn make(real_messages: &str) -> Glow {
    let messages = real_messages.split_once("\n\n").map_or("", |(_notice, messages)| messages);
    let real: Vec<&str> = messages.lines().collect();
    let (posts, products) = (posts::posts(), catalogue::products());
    Glow {
        workspace: json::layout(&workspace::workspace(&posts, &products), 120),
        history: event::history(comments::events(&posts, &products, &real)),
        conversations: event::history(conversations::events(&posts, &products, &real)),
    }
}
