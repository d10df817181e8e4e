//! Holds on settings: rules keep settings of a connection stricter than their owner has them, for a time.
//!
//! Several holds may want the same setting: the strictest of them and of what its owner had wins, and with the last of
//! them the setting becomes what it was before the first, if it is still as it was written. What a person changed is
//! theirs, and is neither touched nor restored. [`decide`] says what follows for a setting and [`survey`] for those of
//! a connection, both without clock or NAS; the book remembers over a restart what was written, and what was before.

mod decide;
mod entry;
mod hold;
mod persons;
mod release;
mod settle;
mod survey;

pub(in crate::actions) use decide::Step;
pub(in crate::actions) use entry::{Entry, Known};
pub use hold::SettingsWish;
pub(in crate::actions) use settle::Site;
pub(in crate::actions) use survey::{Ledger, Survey, number};
