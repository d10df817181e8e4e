//! What time it is. In debug builds a test may move the calendar of its own thread.

use jiff::Timestamp;

#[cfg(debug_assertions)]
thread_local! {
    static AHEAD: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
}

/// Moves the calendar of this thread by so many milliseconds: whatever runs on it finds another time.
#[cfg(debug_assertions)]
pub fn move_by(milliseconds: i64) {
    AHEAD.set(AHEAD.get().saturating_add(milliseconds));
}

#[cfg(debug_assertions)]
fn ahead() -> i64 {
    AHEAD.get()
}

#[cfg(not(debug_assertions))]
const fn ahead() -> i64 {
    0
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    Timestamp::now().as_millisecond().saturating_add(ahead())
}

/// The same as a timestamp.
pub fn timestamp() -> Timestamp {
    Timestamp::from_millisecond(now()).unwrap_or_default()
}
