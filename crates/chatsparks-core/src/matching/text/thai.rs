//! Thai in order, as people type it (fine print on N1).
//!
//! The same word is typed in several ways that look alike: `แ` as `เ` twice, a tone mark before or behind a vowel, a
//! vowel twice because the first did not show. NFKC tells them apart; buyers do not.

use smallvec::SmallVec;

use super::slow::Piece;

pub(super) fn is_tone(c: char) -> bool {
    matches!(c, '\u{E48}'..='\u{E4B}')
}

/// A Thai mark, the tone marks among them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}'..='\u{E4E}')
}

/// Puts the Thai of an NFKC sequence in order. The result is in canonical order where no mark of another script stands
/// among the Thai ones.
pub(super) fn in_order(pieces: &mut SmallVec<[Piece; 32]>) {
    // From the left: of three, the first two are one.
    pieces.dedup_by(|next, kept| {
        let both = next.c == 'เ' && kept.c == 'เ';
        if both {
            kept.absorb(*next);
            kept.c = 'แ';
        }
        both
    });
    // A tone mark stands before U+0E32, however many of these it follows; marks that canonical order puts behind it are
    // in nobody's way.
    let gives_way = |piece: &Piece| piece.c == 'า' || is_tone(piece.c) || piece.stands_behind_tones();
    for run in pieces.chunk_by_mut(|before, piece| gives_way(before) && gives_way(piece)) {
        let from = run.iter().position(|piece| piece.c == 'า').unwrap_or(run.len());
        run[from..].sort_by_key(|piece| !is_tone(piece.c));
    }
    // Marks of other scripts that canonical order may put between Thai ones stand in no run's way.
    for run in pieces.chunk_by_mut(|before, piece| in_run(before) && in_run(piece)) {
        if !run.is_sorted_by_key(|piece| is_tone(piece.c)) {
            run.sort_by_key(|piece| is_tone(piece.c));
        }
    }
    pieces.dedup_by(|next, kept| {
        let same = next.c == kept.c && is_mark(next.c);
        if same {
            kept.absorb(*next);
        }
        same
    });
}

fn in_run(piece: &Piece) -> bool {
    is_mark(piece.c) || piece.moves()
}
