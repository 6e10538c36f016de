//! Two options of one block that a typed text would take alike (F4).

use crate::{
    ProblemCode,
    document::check::{Place, Report},
    document::workspace::Choice,
    matching::text::{bare, normalise},
};
use std::collections::BTreeMap;

/// `list` is the place of the options.
///
/// A number that several labels begin with is taken for none of them, so that it says nothing here.
pub(super) fn same(list: &Place<'_>, options: &[Choice], report: &mut Report) {
    let mut whole: BTreeMap<String, &Choice> = BTreeMap::new();
    let mut stripped: BTreeMap<String, &Choice> = BTreeMap::new();
    for (position, option) in options.iter().enumerate() {
        let at = list.item(position);
        let at = at.field("label");
        let label = normalise(&option.label);
        let rest = bare(&label).to_owned();
        if let Some(above) = whole.get(&label) {
            let message = format_args!(
                "the option `{}` above has the same label: a buyer who types it takes that one, and never this",
                above.id
            );
            report.add(&at, ProblemCode::SameOption, message);
        } else if let Some(above) = stripped.get(&rest) {
            let message = format_args!(
                "a buyer who types `{rest}` may mean this or the option `{}` above: only what stands around their \
                 labels tells them apart",
                above.id
            );
            report.add(&at, ProblemCode::SameOption, message);
        }
        whole.entry(label).or_insert(option);
        // A label of signs alone is only like one with the same signs, and one that is empty is a fault.
        if !rest.is_empty() {
            stripped.entry(rest).or_insert(option);
        }
    }
}
