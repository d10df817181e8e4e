//! Commands that only look at files and tables.

use super::{load, print, refuse};
use crate::cli::{CatalogueFormat, Flags, Metrics};
use crate::metrics::{catalogue_json, catalogue_markdown};
use std::process::ExitCode;

/// `check-config`.
pub(super) fn check_config(flags: &Flags) -> ExitCode {
    match load(flags) {
        Ok(config) => {
            let nases: Vec<&str> = config.nas.keys().map(String::as_str).collect();
            print(&format!("the configuration is good; NASes: {}\n", nases.join(", ")))
        }
        Err(problems) => refuse(flags, &problems),
    }
}

/// `metrics`.
pub(super) fn metrics(arguments: &Metrics) -> ExitCode {
    match arguments.format {
        CatalogueFormat::Md => print(&catalogue_markdown()),
        CatalogueFormat::Json => print(&catalogue_json()),
    }
}
