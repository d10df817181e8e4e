//! The settings that can be changed, each a table of fields with the ranges of the source document.
//!
//! A change names some fields; the others are written back as the NAS has them, since its setters replace
//! (API notes §4).

mod strictest;
mod subject;
mod tables;

pub use strictest::{stricter, strictest};
pub use subject::{Subject, missing};
pub use tables::{CONNECTION, DIRECTIONS, FILTERS, PACKAGE, SCHEDULE, TASK};
