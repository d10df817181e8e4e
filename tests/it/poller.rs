//! The scrape loop against a simulated NAS.

mod cadence;
mod sections;
mod transfers_and_logs;
