//! The day before one's eyes: a thread that draws the board, and hears the keyboard.

mod draw;

use super::board::Board;
use crate::failure::Failure;
use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
};
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Between two pictures, if no key is pressed.
const PICTURE: Duration = Duration::from_millis(60);

/// How long the last picture may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// A view that is drawn for as long as this lives. The terminal is then as it was.
pub(crate) struct Live {
    stop: Arc<AtomicBool>,
    left: watch::Receiver<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Takes the terminal, and draws this board on it.
    ///
    /// # Errors
    /// When the terminal cannot be drawn on.
    pub(crate) fn begin(board: Arc<Mutex<Board>>) -> Result<Self, Failure> {
        let cannot = |error: &io::Error| {
            Failure::new(format!("the terminal cannot be drawn on: {error}"))
                .help("`chatsparks demo --once` needs none")
        };
        let terminal = ratatui::try_init().map_err(|error| {
            ratatui::restore();
            cannot(&error)
        })?;
        let (stop, (leaves, left)) = (Arc::new(AtomicBool::new(false)), watch::channel(false));
        let thread = {
            let stop = stop.clone();
            std::thread::Builder::new().name("view".to_owned()).spawn(move || {
                show(terminal, &board, &stop, &leaves);
                // Also when nothing can be drawn any more: somebody closed the window.
                leaves.send_replace(true);
            })
        };
        let thread = thread.map_err(|error| {
            ratatui::restore();
            cannot(&error)
        })?;
        Ok(Self { stop, left, thread: Some(thread) })
    }

    /// Done once somebody leaves.
    pub(crate) async fn left(&self) {
        // Whoever could say so and is gone has left.
        let _ = self.left.clone().wait_for(|left| *left).await;
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that reads from a terminal that is gone may never come back, and is left to end with the program.
            let until = Instant::now() + PATIENCE;
            while !thread.is_finished() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // A terminal that is gone needs nothing given back.
        let _ = ratatui::try_restore();
    }
}

fn show(mut terminal: DefaultTerminal, board: &Mutex<Board>, stop: &AtomicBool, leaves: &watch::Sender<bool>) {
    while !stop.load(Ordering::Relaxed) {
        let drawn = {
            let board = board.lock().unwrap_or_else(PoisonError::into_inner);
            terminal.draw(|frame| draw::board(frame, &board)).map(|_| ())
        };
        if drawn.is_err() {
            return;
        }
        match event::poll(PICTURE) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(_) => return,
        }
        match event::read() {
            Ok(Event::Key(key)) if key.kind == KeyEventKind::Press => {
                let ends = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
                if ends || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc) {
                    leaves.send_replace(true);
                }
            }
            Ok(_) => {}
            Err(_) => return,
        }
    }
}
