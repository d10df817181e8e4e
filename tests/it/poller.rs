//! The scrape loop against a simulated NAS.

mod cadence;
mod looping;
mod poke;
mod sections;
mod transfers_and_logs;
mod vocabulary;
