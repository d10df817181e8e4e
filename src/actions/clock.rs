//! What time it is. In debug builds a test may move and stop the calendar of its own thread.

use jiff::Timestamp;

#[cfg(debug_assertions)]
thread_local! {
    static AHEAD: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
    static STOPPED: std::cell::Cell<Option<i64>> = const { std::cell::Cell::new(None) };
}

/// Moves the calendar of this thread by so many milliseconds: whatever runs on it finds another time.
#[cfg(debug_assertions)]
pub fn move_by(milliseconds: i64) {
    AHEAD.set(AHEAD.get().saturating_add(milliseconds));
}

/// Stops the calendar of this thread at that moment, in milliseconds since 1970: it goes on only as it is moved, so that
/// what a test does is the same every time.
#[cfg(debug_assertions)]
pub fn stop_at(milliseconds: i64) {
    AHEAD.set(0);
    STOPPED.set(Some(milliseconds));
}

/// Milliseconds since 1970.
#[cfg(debug_assertions)]
pub fn now() -> i64 {
    STOPPED.get().unwrap_or_else(|| Timestamp::now().as_millisecond()).saturating_add(AHEAD.get())
}

/// Milliseconds since 1970.
#[cfg(not(debug_assertions))]
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The same as a timestamp.
pub fn timestamp() -> Timestamp {
    Timestamp::from_millisecond(now()).unwrap_or_default()
}
