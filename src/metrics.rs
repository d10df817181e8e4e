//! From snapshots to expositions.
//!
//! [`catalogue`] is the one table of names, types, units, labels and help. [`collect`] turns a
//! snapshot into samples of it, freshly each time; [`NasCounters`] and [`ExporterMetrics`] are what
//! we count ourselves. [`Exposition`] puts them together, encodes a snapshot once, and serves bytes.

pub mod catalogue;
mod collect;
mod describe;
mod encode;
mod exporter;
mod exposition;
mod held;
mod nas_counters;
mod page;
mod process;
mod sample;
mod switch;
mod webhook;

pub use collect::{CollectOptions, NasCollector};
pub use describe::{catalogue_json, catalogue_markdown};
pub use encode::Format;
pub use exporter::ExporterMetrics;
pub use exposition::{Coding, Exposition, Rendered, Selection};
pub use nas_counters::NasCounters;
