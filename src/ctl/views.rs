//! What people see of each kind of answer.

pub(super) mod activity;
pub(super) mod audit;
pub(super) mod change;
pub(super) mod connections;
pub(super) mod decisions;
pub(super) mod fields;
pub(super) mod holds;
pub(super) mod logs;
pub(super) mod nas;
pub(super) mod schedule;
pub(super) mod tasks;
