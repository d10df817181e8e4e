//! `SYNO.CloudSync`, version 1: every method that we use, as typed calls (API notes §4).
//!
//! - [`wire`]: the answers, field by field as they come.
//! - [`read`]: calls that change nothing.
//! - [`act`]: setters and actions.
//! - [`s3`]: the description of a new task on Amazon S3.

pub mod act;
mod client;
pub mod read;
pub mod s3;
pub mod wire;

/// The API's name.
pub const API: &str = "SYNO.CloudSync";

/// The version that we speak.
pub const VERSION: u32 = 1;
