//! The actions over a scripted NAS and a real state file: what is told, what is recorded, what is held, whatever fails.

mod asking;
mod broken;
mod change;
pub(crate) mod desk;
mod forgotten;
mod frozen;
mod interrupted;
mod keeping;
mod mishaps;
mod pausing;
mod races;
mod releasing;
mod remembering;
pub(crate) mod schemas;
pub(crate) mod script;
mod tasks;
