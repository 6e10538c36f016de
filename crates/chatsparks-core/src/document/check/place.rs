//! A place in the document, written out only when there is something to tell.

use std::fmt;

/// A place such as `flows[0].blocks[2].goto`: a step, and the place it starts from.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// A field of the document itself.
    pub(super) const fn top(field: &'static str) -> Self {
        Self { parent: None, step: Step::Field(field) }
    }

    /// A field of what stands here.
    pub(super) const fn field(&'a self, field: &'static str) -> Self {
        Self { parent: Some(self), step: Step::Field(field) }
    }

    /// An item of the list that stands here.
    pub(super) const fn item(&'a self, position: usize) -> Self {
        Self { parent: Some(self), step: Step::Item(position) }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(out)?;
        }
        match self.step {
            Step::Field(field) if self.parent.is_some() => write!(out, ".{field}"),
            Step::Field(field) => out.write_str(field),
            Step::Item(position) => write!(out, "[{position}]"),
        }
    }
}
